import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Agent, FormData, request, type Dispatcher } from 'undici';

/**
 * Makes the requests that a batch makes for the files of a folder, with nothing that would survive its death: create, list,
 * embed, mark. Prints the seconds that it took.
 * Arguments: folder, branch (`none` or `embed`).
 */
const [folder = '', branch = 'none'] = process.argv.slice(2);
const { TWELVELABS_BASE_URL = '', TWELVE_LABS_API_KEY = 'tlk_BENCH' } = process.env;

/** As many requests at once as the groups of a worker with its defaults at most have; it hands in fewer. */
const GROUPS_AT_ONCE = 10;
const GROUP = 50;
const REQUESTS_AT_ONCE = 16;
const CONNECTIONS = 128;

const agent = new Agent({ connections: CONNECTIONS });

async function call<T>(method: Dispatcher.HttpMethod, route: string, body?: FormData | object): Promise<T> {
  const form = body instanceof FormData ? body : undefined;
  const { statusCode, body: answer } = await request(`${TWELVELABS_BASE_URL}${route}`, {
    method,
    dispatcher: agent,
    headers: { 'x-api-key': TWELVE_LABS_API_KEY, ...(!form && body && { 'content-type': 'application/json' }) },
    body: form ?? (body && JSON.stringify(body)),
  });
  const text = await answer.text();
  if (statusCode >= 300) throw new Error(`${method} ${route}: ${statusCode} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function create(file: string): Promise<string> {
  const filename = path.basename(file);
  const form = new FormData();
  form.set('method', 'direct');
  form.set('filename', filename);
  form.set('user_metadata', JSON.stringify({ key: file, run: 'bare' }));
  form.set('file', new Blob([await readFile(file)]), filename);
  return (await call<{ _id: string }>('POST', '/assets', form))._id;
}

async function untilReady(ids: readonly string[]): Promise<void> {
  for (;;) {
    const asked = ids.map((id) => `asset_ids=${id}`).join('&');
    const { data } = await call<{ data: { status: string }[] }>('GET', `/assets?${asked}&page_limit=${GROUP}`);
    if (data.length === ids.length && data.every(({ status }) => status === 'ready')) return;
  }
}

const embed = (id: string): Promise<unknown> =>
  call('POST', '/embed-v2', {
    input_type: 'image',
    model_name: 'marengo3.0',
    image: { media_source: { asset_id: id } },
  });

const mark = (id: string): Promise<unknown> =>
  call('PATCH', `/assets/${id}/user-metadata`, { user_metadata: { released: 'completed' } });

async function takeGroup(files: readonly string[]): Promise<void> {
  const ids = await overAll(files, REQUESTS_AT_ONCE, create);
  await untilReady(ids);
  if (branch === 'embed') await overAll(ids, REQUESTS_AT_ONCE, embed);
  await overAll(ids, REQUESTS_AT_ONCE, mark);
}

async function overAll<T, R>(all: readonly T[], atOnce: number, take: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < all.length) {
      const at = next++;
      results[at] = await take(all[at] as T);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}

async function main(): Promise<void> {
  const files = (await readdir(folder)).map((name) => path.join(folder, name));
  const groups = Array.from({ length: Math.ceil(files.length / GROUP) }, (_, nth) =>
    files.slice(nth * GROUP, (nth + 1) * GROUP),
  );
  const began = performance.now();
  await overAll(groups, GROUPS_AT_ONCE, takeGroup);
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
  await agent.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
