import { createReadStream } from 'node:fs';
import path from 'node:path';
import { serveOnLoopback } from './loopback-server';

/** What the demo needs at the provider before its lifecycles start: an entity collection and an index. */
export async function prepareEmulator(baseUrl: string): Promise<{ collectionId: string; indexId: string }> {
  const create = async (route: string, body: object): Promise<string> => {
    const response = await fetch(`${baseUrl}${route}`, {
      method: 'POST',
      headers: { 'x-api-key': 'emulator', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${route}: ${response.status}`);
    return ((await response.json()) as { _id: string })._id;
  };
  const models = [{ model_name: 'marengo3.0', model_options: ['visual', 'audio'] }];
  return {
    collectionId: await create('/entity-collections', { name: 'demo people' }),
    indexId: await create('/indexes', { index_name: 'demo films', models }),
  };
}

/** Serves the files of one folder on loopback, so that a URL source has something to fetch. */
export const serveFolder = (folder: string): Promise<{ url: string; close(): Promise<void> }> =>
  serveOnLoopback((request, response) => {
    const file = path.join(folder, path.basename(new URL(request.url ?? '/', 'http://localhost').pathname));
    const stream = createReadStream(file);
    stream.once('error', () => response.writeHead(404).end());
    stream.once('open', () => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      stream.pipe(response);
    });
  });
