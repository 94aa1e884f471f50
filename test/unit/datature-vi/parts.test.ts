import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { failure } from '../../../src/contracts/failures';
import type { OpenedParts } from '../../../src/providers/part-uploads';
import { finishSession } from '../../../src/providers/shared/parts/finish-session';
import { PartBuffers } from '../../../src/providers/shared/parts/part-buffers';
import { STREAM_BUFFER_BYTES } from '../../../src/providers/shared/parts/send-parts';
import { createFileSources } from '../../../src/storage/files/file-sources';
import type { SourceBytes } from '../../../src/storage/files/source-bytes';
import { sourceOf } from '../../contract/conformance/harness';
import { image, pendingIn, png, startAccount, type Account } from './account';

let vi: Account;
beforeEach(async () => {
  vi = await startAccount();
});
afterEach(() => vi.close());

const CONTENT = png('0123456789'.repeat(100).concat('x')); // 1009 bytes, a prime: the last of several parts is longer
const buffers = new PartBuffers(100 * 1024 ** 2);

async function opened(content = CONTENT) {
  const bytes = sourceOf('a.png', content);
  const [outcome] = await vi.submit([image('a.png', content, { content: { route: 'parts', bytes } })]);
  const handle = pendingIn(outcome);
  if (!outcome?.ok || !('parts' in outcome.value) || !outcome.value.parts) throw new Error('no parts');
  return { handle, session: outcome.value.parts, bytes };
}

const finish = (session: OpenedParts, source: SourceBytes) =>
  finishSession({
    ...{ sessions: vi.provider.intake.parts, session, source, first: [], concurrency: 2, buffers },
    ...{ signal: new AbortController().signal, stopping: new AbortController().signal, onSent: () => {} },
  });

test.each([1, 2, 3, 7])('a file goes up in %i parts, of which the last has the rest', async (partCount) => {
  vi.api.partCount = partCount;
  const { handle, session, bytes } = await opened();
  expect(session).toMatchObject({ totalParts: partCount, partBytes: Math.floor(CONTENT.byteLength / partCount) });
  expect(await finish(session, bytes)).toBe('completed');
  expect(await vi.watch(handle)).toMatchObject([{ state: 'ready' }]);
  expect([...vi.api.assets.values()].map(({ content }) => content)).toEqual([CONTENT]);
});

test('parts that are larger than their buffer arrive whole, and no more of them is held than that', async () => {
  vi.api.partCount = 2;
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-parts-'));
  const content = Buffer.concat([png(''), randomBytes(5 * STREAM_BUFFER_BYTES)]);
  await writeFile(path.join(folder, 'a.png'), content);
  try {
    const { session } = await opened(content);
    const source = await createFileSources({ roots: [folder], restMs: 0 }).resolve('a.png');
    const take = jest.spyOn(buffers, 'take');
    expect(await finish(session, source)).toBe('completed');
    expect(take.mock.calls.map(([bytes]) => bytes)).toEqual([STREAM_BUFFER_BYTES, STREAM_BUFFER_BYTES]);
    expect([...vi.api.assets.values()].map((asset) => asset.content.equals(content))).toEqual([true]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('another process goes on with the same upload, and sends all parts again', async () => {
  const { handle, session, bytes } = await opened();
  const other = await startAccount({ endpoint: vi.api.origin });
  const sessions = other.provider.intake.parts;
  expect(await sessions.state(session.sessionId)).toEqual({ state: 'active', reported: new Set() });
  const ended = await finishSession({
    ...{ sessions, session, source: bytes, first: [], concurrency: 2, buffers },
    ...{ signal: new AbortController().signal, stopping: new AbortController().signal, onSent: () => {} },
  });
  await other.close();
  expect(ended).toBe('completed');
  expect(await vi.watch(handle)).toMatchObject([{ state: 'ready' }]);
  expect(vi.api.uploads.size).toBe(1);
});

test('a part that is refused or whose answer is lost is sent again by a fresh URL', async () => {
  const { handle, session, bytes } = await opened();
  vi.api.faults.push({ route: 'PUT /store/{id}/p', status: 403 }, { route: 'PUT /store/{id}/p', drop: 'after' });
  expect(await finish(session, bytes)).toBe('completed');
  expect(await vi.watch(handle)).toMatchObject([{ state: 'ready' }]);
});

test('an upload whose session was cancelled ends as failed', async () => {
  const { session, bytes } = await opened();
  for (const one of vi.api.sessions.values()) one.cancelled = true;
  expect(await finish(session, bytes)).toBe('failed');
});

test('a file that is given up aborts its upload and its session', async () => {
  const { handle } = await opened();
  expect(await vi.provider.intake.abandon?.(handle)).toBe('ended');
  expect(vi.api.uploads.size).toBe(0);
  expect([...vi.api.sessions.values()].map(({ cancelled }) => cancelled)).toEqual([true]);
});

test('an upload that the provider will not abort does not keep its session open', async () => {
  const { handle } = await opened();
  vi.api.faults.push({ route: 'DELETE /multipartUploads/{id}', status: 409 });
  expect(await vi.provider.intake.abandon?.(handle)).toBe('ended');
  expect([...vi.api.sessions.values()].map(({ cancelled }) => cancelled)).toEqual([true]);
});

test('a file that is sent again in the session that it had left is waited for there', async () => {
  const leaver = new AbortController();
  const onOpened = async (): Promise<void> => leaver.abort(new Error('cancelled'));
  vi.api.faults.push({ route: 'POST /assetIngestionSessions/{id}:cancel', status: 400 });
  const bytes = sourceOf('a.png', CONTENT);
  const large = image('a.png', CONTENT, { content: { route: 'parts', bytes } });
  await vi.submit([large, image('b.png')], { signals: [leaver.signal, undefined], onOpened });
  const { handle, session } = await opened();
  expect(vi.api.sessions.size).toBe(1);
  expect(await finish(session, bytes)).toBe('completed');
  expect(await vi.watch(handle)).toMatchObject([{ state: 'ready' }]);
});

test('a source that breaks off in a part is unreadable, and nothing is completed', async () => {
  const { session, bytes } = await opened();
  const pieces = function* () {
    yield CONTENT.subarray(0, 10);
    throw failure('SourceUnreadable', 'a.png: ended early');
  };
  await expect(finish(session, { ...bytes, read: () => Readable.from(pieces()) })).rejects.toMatchObject({
    type: 'SourceUnreadable',
  });
  expect(vi.api.assets.size).toBe(0);
});
