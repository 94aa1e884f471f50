import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cliInProcess } from '../../support/cli-in-process';
import { ProviderApi } from '../../support/servers/provider-api';

const ENVIRONMENT = { TWELVE_LABS_API_KEY: 'tlk_UNIT0SECRET', TWELVELABS_BASE_URL: '' };
let api: ProviderApi;
let folder: string;
const before = { ...process.env };
beforeAll(async () => {
  api = await ProviderApi.start({ profile: 'seeds' });
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-assets-'));
  Object.assign(process.env, ENVIRONMENT, { TWELVELABS_BASE_URL: api.emulator.url });
});
afterAll(async () => {
  for (const name of Object.keys(ENVIRONMENT)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await rm(folder, { recursive: true, force: true });
  await api.close();
});

const call = (...args: string[]) => cliInProcess(['assets', ...args]);

test('get shows every field of an asset, a line each, and --json all of it', async () => {
  const id = await api.upload('clip.mp4', {
    ...{ enable_hls: 'true', enable_thumbnail: 'true', user_metadata: '{"season":2,"title":"A\\nB"}' },
  });
  const { code, stdout } = await call('get', id);
  expect(code).toBe(0);
  const names = ['id', 'status', 'filename', 'type', 'bytes', 'seconds', 'pixels', 'created', 'method', 'url'];
  for (const name of [...names, 'stream', 'thumbnail', 'metadata', 'technical']) {
    expect(stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
  }
  expect(stdout).toMatch(/^url +http\S+\?signature=\S+ \(until 20\S+Z\)$/m);
  expect(stdout).toMatch(/^stream +ready http\S+manifest\.m3u8\S*$/m);
  expect(stdout).toMatch(/^metadata +season=2$/m);
  expect(stdout).toMatch(/^ +title=A\\u000aB$/m);
  expect(stdout).toMatch(/^ +video_codec=h264$/m);
  const whole = JSON.parse((await call('get', id, '--json')).stdout) as Record<string, unknown>;
  expect(whole).toMatchObject({
    ...{ id, status: 'ready', method: 'direct', metadata: { season: 2 } },
    stream: { status: 'ready', manifestUrl: expect.stringContaining('manifest.m3u8') },
    technicalMetadata: { video_codec: 'h264' },
  });
});

test('metadata are shown, set, unset, replaced and cleared; numbers and true stay what they are', async () => {
  const tag = { asset_lifecycle_key: 'k' };
  const id = await api.upload('portrait-1.jpg', { user_metadata: JSON.stringify({ ...tag, draft: true }) });
  const metadata = async (...flags: string[]) => {
    const { code, stdout, stderr } = await call('metadata', id, ...flags, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return (JSON.parse(stdout) as { metadata: unknown }).metadata;
  };
  expect(await metadata()).toEqual({ ...tag, draft: true });
  expect(await metadata('--set', 'season=2', '--set', 'id=00012', '--set', 'final=true', '--unset', 'draft')).toEqual({
    ...{ ...tag, season: 2, id: '00012', final: true },
  });
  expect(await metadata('--set', '{"tags":["a","b"],"wide":"12345678901234567890"}')).toMatchObject({
    ...{ season: 2, tags: ['a', 'b'], wide: '12345678901234567890' },
  });
  expect(await metadata('--replace', 'title=a=b')).toEqual({ ...tag, title: 'a=b' });
  const file = path.join(folder, 'fields.json');
  await writeFile(file, '{"a":1,"b":"x"}');
  expect(await metadata('--json-file', file)).toEqual({ ...tag, a: 1, b: 'x' });
  expect((await call('metadata', id)).stdout.split('\n').sort()).toEqual(['', 'a=1', 'asset_lifecycle_key=k', 'b=x']);
  expect(await metadata('--clear')).toEqual(tag);
});

test('an asset without metadata says so', async () => {
  const id = await api.upload('portrait-2.png');
  expect((await call('metadata', id)).stdout).toBe('no user metadata\n');
});

const ONE = 'give --set and --unset, or one of --replace, --json-file and --clear';
test.each<[string[], string]>([
  [['--set', 'a=1', '--clear'], ONE],
  [['--replace', 'a=1', '--json-file', 'x'], ONE],
  [['--unset', 'a', '--replace', 'a=1'], ONE],
  [['--set', 'a=1', '--unset', 'a'], '--unset: "a" is set as well'],
  [['--set', 'a'], '--set: "a" is not name=value'],
  [['--set', 'a='], 'metadata.a: is empty, and the provider would ignore it; to remove the field, unset it'],
  [['--set', '{"a":12345678901234567890}'], 'metadata.a: is an integer wider than 53 bits'],
  [['--set', '{"a":{"b":1}}'], 'metadata.a: must be a text'],
  [['--replace', 'asset_lifecycle_key=x'], "metadata.asset_lifecycle_key: is a field of a lifecycle's own tag"],
  [['--unset', 'asset_lifecycle_key'], "metadata.asset_lifecycle_key: is a field of a lifecycle's own tag"],
  [['--json-file', '/nowhere/fields.json'], '--json-file: ENOENT'],
])('metadata %s is refused in one line, and nothing is sent', async (flags, words) => {
  const requests = async () => Object.keys(await api.control.counters()).length;
  await api.control.reset();
  const { code, stdout, stderr } = await call('metadata', 'a'.repeat(24), ...flags);
  expect([code, stdout, await requests()]).toEqual([2, '', 0]);
  expect(stderr).toContain(`error: ${words}`);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('a file that is no JSON object is refused', async () => {
  const file = path.join(folder, 'list.json');
  for (const [text, words] of [
    ['["a"]', 'metadata: must be an object of fields'],
    ['a=b', '--json-file: is not JSON'],
  ] as const) {
    await writeFile(file, text);
    const { code, stderr } = await call('metadata', 'a'.repeat(24), '--json-file', file);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  }
});

test('references shows what refers to an asset, and whether it blocks the deletion', async () => {
  const id = await api.upload('city.mp4');
  expect((await call('references', id)).stdout).toBe(`nothing refers to ${id}\n`);
  const index = await api.index('films');
  const { body: entry } = await api.call('POST', `/indexes/${index}/indexed-assets`, { asset_id: id });
  const { body: collection } = await api.call('POST', '/entity-collections', { name: 'people' });
  const image = await api.upload('portrait-3.jpg');
  const { body: entity } = await api.call('POST', `/entity-collections/${String(collection._id)}/entities`, {
    ...{ name: 'Ada', asset_ids: [image] },
  });
  expect(JSON.parse((await call('references', id, '--json')).stdout)).toEqual([
    {
      ...{ branch: 'index', kind: 'indexed asset', id: entry._id, blocksDeletion: true },
      parent: { kind: 'index', id: index, name: 'films' },
    },
  ]);
  expect(JSON.parse((await call('references', image, '--json')).stdout)).toEqual([
    {
      ...{ branch: 'entity', kind: 'entity', id: entity._id, name: 'Ada', blocksDeletion: false },
      parent: { kind: 'collection', id: collection._id },
    },
  ]);
  const table = (await call('references', id)).stdout;
  expect(table).toContain(`index ${index} films`);
  expect(table).toContain('blocked');
  expect(await call('references', 'f'.repeat(24))).toMatchObject({ code: 1, stdout: '' });
});
