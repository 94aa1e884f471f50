import path from 'node:path';
import { InvalidInput, planBatch, type BatchPlan } from '../../../../src/index';
import { ListingPlace } from '../../../support/batches/listing';
import { cliInProcess } from '../../../support/cli-in-process';
import { mp4 } from '../../../support/media/mp4';
import { jpeg } from '../../../support/media/pictures';

jest.setTimeout(60_000);
const video = (durationSec: number): Buffer =>
  mp4({ tracks: [{ kind: 'video', width: 640, height: 480, durationSec }] });

let place: ListingPlace;
beforeEach(async () => {
  process.env.ASSET_LIFECYCLE_SOURCE_ROOTS = '';
  place = await ListingPlace.make();
  await place.put({
    'a.mp4': video(90),
    'b/short.mp4': video(1),
    'b/c.jpg': jpeg(640, 480),
    'notes.txt': 'x',
    'empty.mp4': '',
  });
});
afterEach(async () => {
  delete process.env.ASSET_LIFECYCLE_SOURCE_ROOTS;
  await place.close();
});

const ingest = (...args: string[]) => cliInProcess(['ingest', ...args]);

test('a plan looks into the files, and says what would be refused and why', async () => {
  const { code, stdout } = await ingest(place.media, '--plan', '--json', '--branch', 'embed', '--exclude', '*.txt');
  const plan = JSON.parse(stdout) as BatchPlan;
  expect(code).toBe(0);
  expect(plan).toMatchObject({
    ...{ items: 2, withoutSize: 0, mediaSeconds: 90, withoutMedia: 0, skipped: 1, refused: 2, leastSeconds: 0 },
    requests: { create: 2, parts: 0, mark: 2, branch: 2, read: 1, look: 2, total: 9 },
  });
  expect(plan.bytes).toBe(video(90).byteLength + jpeg(640, 480).byteLength);
  expect(plan.causes.map(({ cause }) => cause).toSorted()).toEqual([
    expect.stringMatching(/^branch: marengo3\.0 takes videos of .* lasts/),
    expect.stringContaining('is empty; name a file with bytes in it'),
  ]);
});

test('a program gets the same plan, and is told how far it is', async () => {
  const looked: number[] = [];
  const items = { type: 'folder', path: place.media, exclude: ['*.txt'] };
  const each = { branch: { type: 'embed' } };
  const plan = await planBatch({ items, each }, { onProgress: (count) => looked.push(count) });
  const { stdout } = await ingest(place.media, '--plan', '--json', '--branch', 'embed', '--exclude', '*.txt');
  expect(plan).toEqual(JSON.parse(stdout));
  expect(looked).toEqual([1, 2, 3]);
});

test.each<[string, object, string]>([
  ['a wrong field', { items: { type: 'folder', path: 'MEDIA' }, inFlight: 0 }, 'inFlight: '],
  ['no such folder', { items: { type: 'folder', path: 'MEDIA/no' } }, 'items.path: MEDIA/no'],
])('a program whose plan has %s is refused before anything is looked into', async (_name, input, words) => {
  const given = JSON.parse(JSON.stringify(input).replace('MEDIA', place.media)) as Record<string, unknown>;
  const error = await planBatch(given).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InvalidInput);
  expect((error as Error).message).toContain(words.replace('MEDIA', place.media));
});

test('people get a table, and nothing is left in the temporary folder', async () => {
  const { code, stdout } = await ingest(place.media, '--plan', '--no-preflight', '--include', '**/*.mp4');
  expect(code).toBe(0);
  expect(stdout).toMatch(/items +│ 2 /);
  expect(stdout).toMatch(/media +│ 0\.0 s \(and 2 items of which it is not known\)/);
  expect(stdout).toContain('no known limit slows it');
  expect(stdout).toContain('is empty; name a file with bytes in it');
});

test('a manifest is planned for the provider that the flags name, with names by a template', async () => {
  await place.put({ 'list.csv': 'path\nb/c.jpg\nb/c.jpg\na.mp4\nnotes.txt\n' });
  const target = path.join(place.media, 'list.csv');
  const flags = ['--provider', 'datature-vi', '--dataset', 'd1', '--filename', '{path}', '--plan', '--json'];
  const plan = JSON.parse((await ingest(target, ...flags)).stdout) as BatchPlan;
  expect(plan).toMatchObject({ items: 2, refused: 2, requests: { create: 2, mark: 0 } }); // a video goes alone
});

test('the limits of the environment count, not those of the smallest account', async () => {
  await place.put(Object.fromEntries(Array.from({ length: 4 }, (_, at) => [`v${at}.mp4`, video(90)])));
  const flags = ['--provider', 'datature-vi', '--dataset', 'd1', '--plan', '--include', 'v*.mp4'];
  process.env.DATATURE_VI_SESSIONS_PER_5_MINUTES = '2';
  try {
    const plan = JSON.parse((await ingest(place.media, ...flags, '--json')).stdout) as BatchPlan;
    expect(plan).toMatchObject({ items: 4, leastSeconds: 300, slowedBy: '2 sessions in 5 minutes' });
    const { stdout } = await ingest(place.media, ...flags);
    expect(stdout).toContain('by the limit of DATATURE_VI_SESSIONS_PER_5_MINUTES: 2 sessions in 5 minutes');
    expect(stdout).toContain('(create 4, parts 0, mark 0, branch 0, read 0, look 4)');
  } finally {
    delete process.env.DATATURE_VI_SESSIONS_PER_5_MINUTES;
  }
});

test.each([
  ['with --wait', [], ['MEDIA', '--plan', '--wait'], '--wait: is for a batch that is started; leave out --plan'],
  ['of a folder that is not there', [], ['MEDIA/no', '--plan'], 'MEDIA/no: no such folder or manifest'],
  [
    'of globs that match nothing',
    [],
    ['MEDIA', '--plan', '--include', '*.wav'],
    'items.include: no file of MEDIA is asked for',
  ],
  [
    'of a URL',
    [],
    ['https://b.s3.amazonaws.com/list.csv?X-Amz-Signature=SECRET', '--plan'],
    '<folder|manifest|s3>: is a URL, and what a URL leads to is not read here',
  ],
  [
    'of a manifest with globs',
    ['l.csv'],
    ['MEDIA/l.csv', '--plan', '--include', '*'],
    '--include, --exclude: are for a folder or prefix',
  ],
  ['of a wrong template', [], ['MEDIA', '--plan', '--filename', '{nam}'], 'each.filename: must be a filename in which'],
])('a plan %s is refused in words', async (_name, files, args, words) => {
  await place.put(Object.fromEntries(files.map((file) => [file, 'path\n'])));
  const { code, stderr } = await ingest(...args.map((arg) => arg.replace('MEDIA', place.media)));
  expect(code).toBe(2);
  expect(stderr).toContain(words.replaceAll('MEDIA', place.media));
  expect(stderr).not.toContain('SECRET');
});
