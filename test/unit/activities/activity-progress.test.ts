import { setProgress } from '../../../src/activities/lib/activity-call';
import { UploadMemory } from '../../../src/activities/uploads/upload-memory';
import { writeOnce } from '../../../src/activities/lib/write-once';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const upload = { sessionId: 's', assetId: 'a', partBytes: 1, totalParts: 2, fingerprint: 'f', headers: {} };
const left = { attempt: 1, upload, abandoned: [], told: 1 };
const lost = { resource: 'asset', id: 'lost', result: 'deleted', because: 'of a test', at: 'now' } as const;

/** The details of every heartbeat of `work`, run as the second attempt after one that left `heartbeatDetails`. */
async function heartbeatsOf(work: () => Promise<unknown>, heartbeatDetails?: unknown): Promise<unknown[]> {
  const env = activityEnvironment({ attempt: 2, heartbeatDetails, currentAttemptScheduledTimestampMs: Date.now() });
  const heartbeats: unknown[] = [];
  env.on('heartbeat', (details: unknown) => heartbeats.push(details));
  await env.run(work);
  return heartbeats;
}

test('details of one step leave those of another alone', async () => {
  const heartbeats = await heartbeatsOf(async () => {
    setProgress({ sentBytes: 5 });
    setProgress({ attempt: 2, told: undefined });
  }, left);
  expect(heartbeats.at(-1)).toEqual({ ...left, attempt: 2, told: undefined, sentBytes: 5 });
});

test('a session that was given up while the attempt looked stays in the memory when the write is noted', async () => {
  const deps = dependencies({ provider: new MemoryProvider() });
  const heartbeats = await heartbeatsOf(async () => {
    const memory = UploadMemory.open(deps);
    await writeOnce<string | void, void>({
      settleWindowMs: 0,
      prepare: async () => {},
      find: async () => memory.gaveUp([lost]),
      make: async () => 'made',
    });
  }, left);
  expect(heartbeats.at(-1)).toMatchObject({
    upload: undefined,
    abandoned: [lost],
    unansweredSince: expect.any(Number),
  });
});

test('an upload that another activity of the run began is known to this one, and to its next attempt', async () => {
  const deps = dependencies({ provider: new MemoryProvider() });
  let known: unknown;
  const heartbeats = await heartbeatsOf(async () => {
    known = UploadMemory.open(deps, left).upload;
  });
  expect(known).toEqual(upload);
  expect(new Set(heartbeats)).toEqual(new Set([left]));
});

test('what this activity left counts before what it was given', async () => {
  const deps = dependencies({ provider: new MemoryProvider() });
  await heartbeatsOf(
    async () =>
      expect(UploadMemory.open(deps, { ...left, upload: { ...upload, sessionId: 'old' } }).upload).toEqual(upload),
    left,
  );
});
