import { createHash } from 'node:crypto';
import path from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { writeAtRest } from '../../support/media/files-at-rest';
import { pictureBytes, ViSystem } from '../../support/system/vi-system';

jest.setTimeout(120_000);
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(() => system.control.reset());
afterAll(() => system?.close());

/** How a run ends: its status, or the failure of input that was refused. */
async function endOf(
  key: string,
  input: object,
): Promise<{ status?: LifecycleStatus; message: string; type?: string }> {
  const handle = await system.start(key, input);
  try {
    return { status: (await handle.result()) as LifecycleStatus, message: '' };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { details, message, type } = error.cause as { details?: LifecycleStatus[]; message: string; type?: string };
    const status = details?.[0];
    return { status, message: status?.error?.message ?? message, type: status?.error?.type ?? type };
  }
}

async function written(name: string, content: Buffer | string) {
  const file = path.join(system.folder, name);
  await writeAtRest(file, content);
  return { type: 'file' as const, path: file };
}

const isOneLine = (text: string): boolean => text.length > 0 && !text.includes('\n');

test('a dataset that there is not is named, and no session is opened', async () => {
  const { message, type } = await endOf('absent', { datasetId: 'absent', source: await system.picture('a.jpg') });
  expect(type).toBe('ResourceGone');
  expect(message).toContain('absent');
  expect(isOneLine(message)).toBe(true);
  expect((await system.control.state()).sessions).toEqual([]);
});

test('text called .png is refused by the worker before the provider is asked for anything', async () => {
  await system.control.reset();
  const { message, type } = await endOf('text', { source: await written('text.png', 'no picture') });
  expect(type).toBe('InvalidRequest');
  expect(message).toMatch(
    /^source\.path: text\.png is named as an image, but its content is a document \(text\); give it/,
  );
  expect(await system.control.counters()).toEqual({});
});

test('without the look the provider refuses it by its own code', async () => {
  const source = await written('unseen.png', 'no picture');
  const { message, type } = await endOf('unseen', { source, preflight: false });
  expect(type).toBe('ProviderRejected');
  expect(message).toContain('EBADMIME');
  expect(message).toContain('unseen.png');
  expect(await system.openSessions()).toEqual([]);
});

test('an image that is cut off fails as the provider says, and leaves nothing', async () => {
  const whole = await pictureBytes('cut');
  const source = await written('cut.jpg', whole.subarray(0, whole.byteLength / 2));
  const { message, status } = await endOf('cut', { source });
  expect(status?.outcome).toBe('failed');
  expect(message).toContain('ECORRUPT');
  expect(message).toContain('cut.jpg');
  expect(isOneLine(message)).toBe(true);
  expect((await system.control.state()).assets).toEqual([]);
  expect(await system.openSessions()).toEqual([]);
});

test('of two sources of one name that start together one becomes the asset, and the other says which name is taken', async () => {
  const contents = await Promise.all(['one', 'two'].map((mark) => pictureBytes(mark)));
  const ends = await Promise.all(
    contents.map(async (content, index) =>
      endOf(`name-${index}`, { source: await written(`${index}.jpg`, content), filename: 'same.jpg' }),
    ),
  );
  const winner = ends.findIndex(({ status }) => status?.outcome === 'completed');
  const loser = ends[1 - winner];
  expect(loser).toMatchObject({ type: 'AssetExists', message: expect.stringContaining('same.jpg') as string });
  const { assets } = await system.control.state();
  const sha256 = createHash('sha256')
    .update(contents[winner] ?? '')
    .digest('hex');
  expect(assets).toMatchObject([{ filename: 'same.jpg', sha256, assetId: ends[winner]?.status?.asset?.id }]);
  expect(await system.openSessions()).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ['a name with a slash', { filename: 'a/b.jpg' }, /filename: must be a bare name without a path separator/],
  ['nested metadata', { metadata: { a: { b: 1 } } }, /metadata\.a/],
  ['no dataset', { datasetId: undefined }, /datasetId/],
  ['a field of another provider', { enableHls: true }, /enableHls/],
])('a raw start with %s fails at once and names the field', async (what, changes, because) => {
  const source = await system.picture('raw.jpg');
  const { message, type, status } = await endOf(what.replaceAll(' ', '-'), { source, ...changes });
  expect({ type, status }).toEqual({ type: 'InvalidRequest', status: undefined });
  expect(message).toMatch(because);
});
