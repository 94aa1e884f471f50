import type { DeletedAsset } from '../../../../src/client/assets/delete-assets';
import { tagFields } from '../../../../src/contracts/resource';
import type { ProviderAsset } from '../../../../src/providers/assets';
import type { Ingestion } from '../../../../src/providers/ingestions';
import { cliInProcess } from '../../../support/cli-in-process';
import { uniqueJpeg } from '../../../support/media/unique-jpeg';
import { conditionOf, ORGANIZATION, SECRET_KEY, ViApi } from '../../../support/servers/vi-emulator';

const VARIABLES = ['DATATURE_VI_SECRET_KEY', 'DATATURE_VI_ORGANIZATION_ID', 'DATATURE_VI_API_ENDPOINT'] as const;
const before = { ...process.env };
let api: ViApi;

beforeEach(async () => {
  api = await ViApi.start({ datasets: ['other'] });
  process.env.DATATURE_VI_SECRET_KEY = SECRET_KEY;
  process.env.DATATURE_VI_ORGANIZATION_ID = ORGANIZATION;
  process.env.DATATURE_VI_API_ENDPOINT = api.emulator.url;
});
afterEach(() => api.close());
afterAll(() => {
  for (const name of VARIABLES) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

const AT = ['--provider', 'datature-vi', '--dataset', 'demo'];
const assets = (...args: string[]) => cliInProcess(['assets', ...args, ...AT]);
const sessions = (...args: string[]) => cliInProcess(['sessions', ...args, ...AT]);
const jsonOf = <T>({ stdout }: { stdout: string }): T => JSON.parse(stdout) as T;

/** Uploads pictures of these names, the longer the name the larger, and waits until they are assets or have failed. */
async function upload(names: readonly string[], customMetadata: object = {}): Promise<string> {
  const pictures = Object.fromEntries(names.map((name) => [name, uniqueJpeg(name.repeat(3))]));
  let session = await api.upload(pictures, {}, { customMetadata });
  while (conditionOf(session) !== 'Reached') session = await api.sessionNow(session);
  return session.assetIngestionSessionId;
}

const namesIn = (items: ProviderAsset[]) => items.map(({ filename }) => filename);

test('list gives a page of the size asked for, and names the next, which the token leads to', async () => {
  await upload(['a.jpg', 'b.jpg', 'c.jpg']);
  const first = await assets('list', '--page-size', '2', '--sort', 'filename', '--json');
  expect(namesIn(jsonOf(first))).toEqual(['a.jpg', 'b.jpg']);
  const [, token = ''] = /^next: --page-token (\S+)$/m.exec(first.stderr) ?? [];
  const second = await assets('list', '--page-size', '2', '--sort', 'filename', '--page-token', token, '--json');
  expect(namesIn(jsonOf(second))).toEqual(['c.jpg']);
  expect(second.stderr).toMatch(/^previous: --page-token \S+$/m);
});

test.each([
  ['filename', ['a.jpg', 'bb.jpg', 'ccc.jpg']],
  ['metadata.fileSize', ['a.jpg', 'bb.jpg', 'ccc.jpg']],
  ['lastModified.contents', ['ccc.jpg', 'bb.jpg', 'a.jpg']],
  ['default', ['ccc.jpg', 'bb.jpg', 'a.jpg']],
])('list sorts by %s, both ways', async (by, expected) => {
  for (const name of ['ccc.jpg', 'bb.jpg', 'a.jpg']) await upload([name]);
  expect(namesIn(jsonOf(await assets('list', '--sort', by, '--order', 'asc', '--json')))).toEqual(expected);
  expect(namesIn(jsonOf(await assets('list', '--sort', by, '--order', 'desc', '--json')))).toEqual(
    expected.toReversed(),
  );
});

test('list sorts by the id, both ways', async () => {
  await upload(['a.jpg', 'b.jpg', 'c.jpg']);
  const ids = async (order: string) =>
    jsonOf<ProviderAsset[]>(await assets('list', '--sort', 'assetId', '--order', order, '--json')).map(({ id }) => id);
  const ascending = await ids('asc');
  expect(ascending).toEqual(ascending.toSorted());
  expect(await ids('desc')).toEqual(ascending.toReversed());
});

test('list and count are narrowed by filter, metadata and part of the name', async () => {
  await upload(['a.jpg', 'b.jpg'], { shift: 'early' });
  await upload(['c.jpg'], { shift: 'late' });
  const cases: [string[], string[]][] = [
    [['--filter', 'filename == "b.jpg"'], ['b.jpg']],
    [
      ['--metadata-query', 'shift == "early"'],
      ['a.jpg', 'b.jpg'],
    ],
    [['--filename', 'C.'], ['c.jpg']],
    [['--filename', '.jpg', '--metadata-query', 'shift == "late"'], ['c.jpg']],
    [['--type', 'video'], []],
  ];
  for (const [flags, names] of cases) {
    expect(namesIn(jsonOf(await assets('list', '--sort', 'filename', ...flags, '--json')))).toEqual(names);
    expect(jsonOf(await assets('count', ...flags, '--json'))).toEqual({ count: names.length });
  }
  expect((await assets('count')).stdout).toBe('3\n');
});

test('--all prints every asset of many pages once, as JSON and as tables', async () => {
  const names = Array.from({ length: 7 }, (_, at) => `${at}.jpg`);
  await upload(names);
  const flags = ['--all', '--page-size', '3', '--sort', 'filename'];
  expect(namesIn(jsonOf(await assets('list', ...flags, '--json')))).toEqual(names);
  const { stdout } = await assets('list', ...flags);
  expect([...stdout.matchAll(/\d\.jpg/g)].map(String)).toEqual(names);
  expect((await assets('list', '--all', '--filter', 'filename == "x"', '--json')).stdout).toBe('[]\n');
  expect((await assets('list', '--all', '--filter', 'filename == "x"')).stdout).toBe('no assets\n');
});

test('URLs come only where they are asked for, and work', async () => {
  await upload(['a.jpg']);
  const [plain] = jsonOf<ProviderAsset[]>(await assets('list', '--json'));
  expect(plain?.contents).toBeUndefined();
  const [listed] = jsonOf<ProviderAsset[]>(await assets('list', '--contents', '--json'));
  const got = jsonOf<ProviderAsset>(await assets('get', plain?.id ?? '', '--contents', '--json'));
  for (const { contents } of [listed ?? got, got]) {
    const bytes = await (await fetch(contents?.asset?.url ?? '')).arrayBuffer();
    expect(Buffer.from(bytes)).toEqual(uniqueJpeg('a.jpg'.repeat(3)));
    expect(Date.parse(contents?.thumbnail?.expiresAt ?? '')).toBeGreaterThan(Date.now());
  }
});

test('info shows an asset as a table, with its own fields and its metadata', async () => {
  await upload(['a.jpg'], { shift: 'early' });
  const [{ id } = { id: '' }] = jsonOf<ProviderAsset[]>(await assets('list', '--json'));
  const { code, stdout } = await assets('info', id);
  expect(code).toBe(0);
  const rows = Object.fromEntries(
    [...stdout.matchAll(/^│ (.*?) +│ (.*?) +│$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(rows).toMatchObject({
    ...{ field: 'value', id, filename: 'a.jpg', status: 'ready', type: 'image/jpeg', visibility: 'Private' },
    ...{ annotations: '{"withTag":{},"total":0}', pixelRatio: '{"height":1,"width":1}', 'metadata shift': 'early' },
  });
});

test('delete says what became of each, and which was of a lifecycle', async () => {
  await upload(['a.jpg', 'b.jpg']);
  const policies = { onCancel: 'delete', onFailure: 'keep' } as const;
  const tag = tagFields({ key: 'k-1', owner: 'o', workflowId: 'w', runId: 'r', ...policies });
  await upload(['c.jpg'], tag);
  const listed = jsonOf<ProviderAsset[]>(await assets('list', '--sort', 'filename', '--json'));
  const [a = '', b = '', c = ''] = listed.map(({ id }) => id);
  expect((await assets('delete', a)).stdout).toBe(`deleted ${a} (a.jpg)\n`);
  expect(await assets('delete', a)).toMatchObject({ code: 1, stdout: '' });
  const many = await assets('delete', b, a, c, '--json');
  expect(many.code).toBe(1);
  expect(jsonOf<DeletedAsset[]>(many)).toEqual([
    { id: b, deleted: true, filename: 'b.jpg' },
    { id: a, deleted: false, error: { type: 'ResourceGone', message: expect.stringContaining(a) } },
    { id: c, deleted: true, filename: 'c.jpg', lifecycle: 'k-1' },
  ]);
  expect(await api.assets()).toEqual([]);
});

test('delete by a query deletes what matches, and nothing else', async () => {
  await upload(['a.jpg', 'b.jpg'], { shift: 'early' });
  await upload(['c.jpg'], { shift: 'late' });
  const { stdout } = await assets('delete', '--metadata-query', 'shift == "early"');
  expect([...stdout.matchAll(/^deleted \S+ \((.*)\)$/gm)].map(([, name]) => name).toSorted()).toEqual([
    'a.jpg',
    'b.jpg',
  ]);
  expect((await api.assets()).map(({ filename }) => filename)).toEqual(['c.jpg']);
  expect((await assets('delete', '--filter', 'filename == "x"')).stdout).toBe('no assets\n');
});

test('sessions are listed, shown with conditions, events and counts, waited for and cancelled', async () => {
  const done = await upload(['a.jpg']);
  await api.control.failFile({ filename: 'b.jpg', code: 'EUNKNOWN' });
  const failed = await upload(['b.jpg']);
  const { assetIngestionSessionId: open } = await api.session([
    { filename: 'c.jpg', kind: 'Image', mime: 'image/jpeg', size: 3, crc32c: 1, customMetadata: null },
  ]);
  expect(jsonOf<Ingestion[]>(await sessions('list', '--json')).map(({ id, state }) => [id, state])).toEqual([
    [open, 'open'],
    [failed, 'ended'],
    [done, 'ended'],
  ]);
  expect((await sessions('list', '--page-size', '1')).stderr).toMatch(/^next: --page-token \S+$/m);
  expect(jsonOf<Ingestion[]>(await sessions('list', '--all', '--page-size', '1', '--json'))).toHaveLength(3);
  const shown = await sessions('get', failed);
  for (const words of [
    '1: 0 succeeded, 1 failed, 0 open',
    'Finished',
    'Started',
    'Error',
    'b.jpg: EUNKNOWN',
    'Progress',
  ]) {
    expect(shown.stdout).toContain(words);
  }
  expect((await sessions('wait', done)).code).toBe(0);
  expect((await sessions('wait', failed, '--json')).code).toBe(1);
  const late = await sessions('wait', open, '--within', '1s');
  expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('0 of 1 files succeeded')]);
  const cancelled = jsonOf<Ingestion>(await sessions('cancel', open, '--json'));
  expect(cancelled).toMatchObject({
    id: open,
    state: 'ended',
    conditions: [{ status: 'FailedReach', reason: 'Cancelled' }, {}],
  });
  expect(JSON.stringify(cancelled)).not.toContain('http');
});

test.each<[string[], number, string]>([
  [['assets', 'list', '--provider', 'datature-vi'], 2, '--dataset <id>: say in which one'],
  [['assets', 'list', '--dataset', 'demo'], 2, '--dataset: goes with --provider datature-vi'],
  [['assets', 'list', ...AT, '--sort', 'size'], 2, 'sort: "size" is no order of this provider: default, assetId'],
  [['assets', 'list', ...AT, '--order', 'asc'], 2, '--order: goes with --sort'],
  [['assets', 'list', ...AT, '--page-size', '1001'], 2, 'pageSize: must be a whole number from 1 to 1000, not 1001'],
  [['assets', 'list', ...AT, '--filter', 'a ~ b'], 1, 'GET /assets (dataset demo): 400'],
  [['assets', 'list', ...AT.slice(0, 3), 'no/such'], 2, 'datasetId: must be 1 to 255 letters'],
  [['assets', 'list', ...AT.slice(0, 3), 'nowhere'], 1, 'GET /assets (dataset nowhere): 404'],
  [['assets', 'delete', ...AT], 2, 'give asset ids, or --filter or --metadata-query'],
  [['assets', 'delete', 'a', '--filter', 'x', ...AT], 2, 'give asset ids, or --filter or --metadata-query'],
  [['assets', 'metadata', 'a', '--set', 'a=1', ...AT], 2, 'metadata: this provider does not change the metadata'],
  [
    ['sessions', 'get', 'nowhere', ...AT],
    1,
    'GET /assetSources/managed/datature/default/assetIngestionSessions/{id} (session nowhere): 404',
  ],
  [['sessions', 'wait', 'a', '--within', 'soon', ...AT], 2, '--within: must be a duration'],
])('%j is refused in one line', async (args, code, words) => {
  const answer = await cliInProcess(args);
  expect([answer.code, answer.stdout]).toEqual([code, '']);
  expect(answer.stderr).toContain(`error: ${words}`);
  expect(answer.stderr.trim().split('\n')).toHaveLength(1);
});
