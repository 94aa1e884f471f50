import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { CancelledFailure } from '@temporalio/common';
import { UPLOAD_ROUTE } from '../../../emulator/datature-vi/rules/signed-urls';
import type { ActivityDependencies } from '../../../src/activities/dependencies';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createSubmitSource } from '../../../src/activities/submit-source';
import type { PendingSubmission, SubmitSourceInput, SubmittedAsset } from '../../../src/contracts/activities';
import type { Handle } from '../../../src/contracts/branches/handle';
import type { AssetResource, LifecycleTag } from '../../../src/contracts/resource';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { createDatatureViProvider } from '../../../src/providers/datature-vi/datature-vi-provider';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { withGatheredIntake } from '../../../src/providers/shared/gather-submissions';
import type { SourceFile } from '../../../src/storage/files/source-file';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { ORGANIZATION, SECRET_KEY, ViApi } from '../../support/servers/vi-emulator';
import { pictureBytes } from '../../support/system/vi-system';

jest.setTimeout(60_000);
const OPEN = 'POST /assetSources/managed/datature/default/assetIngestionSessions';
const PROVIDER = 'datature-vi';
let api: ViApi;
let account: MediaProvider;
let durable: Record<string, unknown>[];

beforeEach(async () => {
  api = await ViApi.start();
  account = openAccount();
  durable = [];
});
afterEach(async () => {
  await account.close();
  await api.close();
});

const openAccount = (): MediaProvider =>
  createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: ORGANIZATION, endpoint: api.emulator.origin },
    ...{ requestTimeoutMs: 10_000, sessionsPer5Minutes: 100_000 },
  });

const tagOf = (key: string, runId = `run of ${key}`): LifecycleTag => ({
  ...{ key, workflowId: `w:${key}`, runId },
  ...{ onCancel: 'delete', onFailure: 'keep' },
});

function inputOf(filename: string, changes: Partial<SubmitSourceInput> = {}): SubmitSourceInput {
  return {
    ...{ provider: PROVIDER, place: 'demo', source: { type: 'file', path: `/media/${filename}` } },
    ...{ metadata: {}, fields: { datasetId: 'demo' }, upload: { method: 'auto', concurrency: 2 } },
    ...{ branches: [], preflight: false, tag: tagOf(filename), since: new Date().toISOString() },
    ...changes,
  };
}

function deps(onDurable: (details: Record<string, unknown>) => Promise<void> = async () => {}): ActivityDependencies {
  const provider = withGatheredIntake(account);
  const resolve = async (path: string): Promise<SourceFile> => {
    const filename = path.split('/').at(-1) ?? '';
    const bytes = await pictureBytes(filename);
    const text = `file:${bytes.byteLength} ${filename}`;
    return {
      ...{ filename, sizeBytes: bytes.byteLength, modifiedAt: new Date().toISOString() },
      ...{ content: text, fingerprint: text },
      read: ({ start, end } = { start: 0, end: bytes.byteLength - 1 }) =>
        Readable.from([bytes.subarray(start, end + 1)]),
    } as SourceFile;
  };
  const makeDurable = async (details: unknown): Promise<void> => {
    durable.push(details as Record<string, unknown>);
    await onDurable(details as Record<string, unknown>);
  };
  const unused = { until: () => Promise.reject(new Error('nothing is waited for')) };
  return {
    ...dependencies({ provider, sources: { resolve }, progress: { makeDurable }, settleWindowMs: 300 }),
    accounts: { [PROVIDER]: { provider, watcher: unused } },
  };
}

type Submitted = PendingSubmission | SubmittedAsset;
type Info = Parameters<typeof activityEnvironment>[0];

/** Runs the submission as an attempt; its result, or what it fails with. */
function submit(input: SubmitSourceInput, info: Info = {}, on?: Parameters<typeof deps>[0]) {
  const environment = activityEnvironment({ attempt: 1, ...info });
  const run = async (): Promise<Submitted> => createSubmitSource(deps(on))(input);
  return { environment, ended: environment.run<[], Submitted, typeof run>(run) };
}

async function handedIn(filename: string, shared = deps()): Promise<Handle> {
  const run = async (): Promise<Submitted> => createSubmitSource(shared)(inputOf(filename));
  const submitted = await activityEnvironment().run<[], Submitted, typeof run>(run);
  if (!('pending' in submitted)) throw new Error('the asset was known at once');
  return submitted.pending;
}

const puts = async (): Promise<number> => (await api.control.counters())[UPLOAD_ROUTE]?.requests ?? 0;
const sessions = async () => (await api.control.state()).sessions;

async function remove(resource: Partial<AssetResource>, policy: 'delete' | 'keep' = 'delete'): Promise<ReceiptEntry[]> {
  const full: AssetResource = { kind: 'asset', adopted: false, filename: 'a.jpg', ...resource };
  const run = async (): Promise<ReceiptEntry[]> =>
    createRemoveResources(deps())({ provider: PROVIDER, place: 'demo', resources: [full], policy });
  return activityEnvironment().run<[], ReceiptEntry[], typeof run>(run);
}

const detailsOf = (error: unknown): unknown => (error as { details?: unknown[] }).details?.[0];

test('what is handed in is in the heartbeat, at the server, before its first byte goes out', async () => {
  const seen: number[] = [];
  const submitted = await submit(inputOf('a.jpg'), {}, async () => void seen.push(await puts())).ended;
  expect(submitted).toMatchObject({ pending: { in: 'demo', item: 'a.jpg', id: (await sessions())[0]?.sessionId } });
  expect(durable).toMatchObject([{ pending: (submitted as PendingSubmission).pending }]);
  expect(seen).toEqual([0]);
});

test('several that share a session each keep their own item in their own heartbeat', async () => {
  const shared = deps();
  const beats = new AsyncLocalStorage<string>();
  const kept: [string | undefined, unknown][] = [];
  shared.progress.makeDurable = async (details) => {
    kept.push([beats.getStore(), (details as { pending: Handle }).pending.item]);
  };
  const names = ['a.jpg', 'b.jpg', 'c.jpg'];
  await Promise.all(
    names.map((name) =>
      beats.run(name, () => {
        const run = async (): Promise<Submitted> => createSubmitSource(shared)(inputOf(name));
        return activityEnvironment().run<[], Submitted, typeof run>(run);
      }),
    ),
  );
  expect(await sessions()).toHaveLength(1);
  expect(kept.toSorted()).toEqual(names.map((name) => [name, name]));
});

test('when the heartbeat cannot be kept, nothing is sent, and the session ends', async () => {
  const { ended } = submit(inputOf('a.jpg'), {}, () => Promise.reject(new Error('no server')));
  await expect(ended).rejects.toThrow('no server');
  expect(await puts()).toBe(0);
  expect(await sessions()).toMatchObject([{ ended: 'FailedReach' }]);
});

test('an attempt after a death goes on in the same session', async () => {
  await api.control.addFault({ route: UPLOAD_ROUTE, drop: 'before', times: 20 });
  await expect(submit(inputOf('a.jpg')).ended).rejects.toMatchObject({ details: [{ pending: { item: 'a.jpg' } }] });
  await api.control.clearFaults();
  const submitted = await submit(inputOf('a.jpg'), { attempt: 2, heartbeatDetails: durable.at(-1) }).ended;
  const { assets } = await api.control.state();
  expect('pending' in submitted || submitted.id).toBeTruthy();
  expect(assets).toHaveLength(1);
  expect((await sessions()).every(({ ended }) => ended !== null)).toBe(true);
});

test('where sessions do not tell their files, the session of the attempt before is left for another, and told of', async () => {
  await api.control.set({ sessionsTellFiles: false });
  const other = await api.session([{ filename: 'a.jpg', kind: 'Image', mime: 'image/jpeg', size: 9, crc32c: 0 }]);
  const id = other.assetIngestionSessionId;
  const before = { kind: 'ingestion', id, in: 'demo', item: 'a.jpg', words: 'a.jpg' };
  const info = { attempt: 2, heartbeatDetails: { attempt: 1, pending: before, abandoned: [], told: 0 } };
  const submitted = await submit(inputOf('a.jpg'), info).ended;
  expect(submitted.abandoned).toMatchObject([{ resource: 'upload-session', id, result: 'deleted' }]);
  expect(await sessions()).toMatchObject([{ sessionId: id, ended: 'FailedReach' }, { ended: 'Reached' }]);
});

test('cancelled while it is sent, it tells what it had handed in and that not all was sent', async () => {
  await api.control.addFault({ route: UPLOAD_ROUTE, delayMs: 60_000 });
  const { environment, ended } = submit(inputOf('a.jpg'), {}, async () => void setTimeout(() => environment.cancel()));
  const error: unknown = await ended.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CancelledFailure);
  expect(detailsOf(error)).toMatchObject({ pending: { item: 'a.jpg' }, unsent: true });
  expect(await sessions()).toMatchObject([{ ended: 'FailedReach' }]);
});

test('cancelled while it waits for others to share a session, it made nothing', async () => {
  const { environment, ended } = submit(inputOf('a.jpg'));
  setTimeout(() => environment.cancel(), 200);
  expect(detailsOf(await ended.catch((reason: unknown) => reason))).toEqual({ nothingMade: true });
  expect(await sessions()).toEqual([]);
});

test('after a lost answer the open session is remembered before another attempt could end', async () => {
  await api.control.addFault({ route: OPEN, drop: 'after', times: 1 });
  await expect(submit(inputOf('a.jpg')).ended).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  const heartbeatDetails = { attempt: 1, unansweredSince: Date.now() - 1000 };
  await submit(inputOf('a.jpg'), { attempt: 2, heartbeatDetails }).ended;
  expect(durable[0]).toMatchObject({ pending: { id: (await sessions())[0]?.sessionId } });
  expect(await sessions()).toHaveLength(1);
  expect(await puts()).toBe(1);
});

test.each([
  ['and that nothing was sent', { attempt: 1, unansweredSince: Date.now() - 1000 }, true],
  ['and, where the attempt before left no word, not what was sent', undefined, undefined],
])(
  'cancelled after a lost answer, it tells of the session of which it never heard, %s',
  async (_name, left, unsent) => {
    await api.control.addFault({ route: OPEN, drop: 'after', times: 1 });
    await expect(submit(inputOf('a.jpg')).ended).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    const info = { attempt: 2, heartbeatDetails: left };
    const { environment, ended } = submit(inputOf('a.jpg'), info, async () => environment.cancel());
    const [session] = await sessions();
    const pending = expect.objectContaining({ id: session?.sessionId, item: 'a.jpg' }) as unknown;
    const told = detailsOf(await ended.catch((reason: unknown) => reason)) as { unsent?: true };
    expect(told).toMatchObject({ pending });
    expect(told.unsent).toBe(unsent);
    expect(await puts()).toBe(0);
  },
);

test('cancelled while it is sent in a session that it has only found, it tells that not all was sent', async () => {
  await api.control.addFault({ route: OPEN, drop: 'after', times: 1 });
  await expect(submit(inputOf('a.jpg')).ended).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  await api.control.addFault({ route: UPLOAD_ROUTE, delayMs: 60_000 });
  const info = { attempt: 2, heartbeatDetails: { attempt: 1, unansweredSince: Date.now() - 1000 } };
  const { environment, ended } = submit(inputOf('a.jpg'), info, async ({ seenOnly }) => {
    if (!seenOnly) setTimeout(() => environment.cancel()); // it has entered the session
  });
  const error: unknown = await ended.catch((reason: unknown) => reason);
  expect(detailsOf(error)).toMatchObject({ pending: { item: 'a.jpg' }, unsent: true });
  const [session] = await sessions();
  expect(
    await remove({ pending: { ...(detailsOf(error) as { pending: Handle }).pending }, unsent: true }),
  ).toMatchObject([{ resource: 'upload-session', id: session?.sessionId, result: 'deleted' }]);
});

test('an attempt after one that had entered the session it found cannot tell what was sent', async () => {
  await api.control.addFault({ route: OPEN, drop: 'after', times: 1 });
  await expect(submit(inputOf('a.jpg')).ended).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  const info = { attempt: 2, heartbeatDetails: { attempt: 1, unansweredSince: Date.now() - 1000 } };
  await submit(inputOf('a.jpg'), info).ended;
  const entered = durable.at(-1);
  expect(entered).not.toHaveProperty('seenOnly', true);
  await api.control.addFault({ route: UPLOAD_ROUTE, delayMs: 60_000 });
  const third = submit(inputOf('a.jpg'), { attempt: 3, heartbeatDetails: entered });
  setTimeout(() => third.environment.cancel(), 100);
  expect(detailsOf(await third.ended.catch((reason: unknown) => reason))).not.toHaveProperty('unsent');
});

describe('cleanup of what was handed in', () => {
  test('cancels its session when it is alone in it', async () => {
    await api.control.setProcessing({ baseMs: 60_000, msPerMegabyte: 0 });
    const pending = await handedIn('a.jpg');
    const entries = await remove({ pending, tag: tagOf('a.jpg') });
    expect(entries).toMatchObject([{ resource: 'upload-session', id: pending.id, in: 'demo', result: 'deleted' }]);
    expect(await sessions()).toMatchObject([{ ended: 'FailedReach', reason: 'Cancelled' }]);
  });

  test('finds a session that nobody heard of', async () => {
    await api.control.addFault({ route: OPEN, drop: 'after', times: 1 });
    await expect(submit(inputOf('a.jpg')).ended).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    const entries = await remove({ tag: tagOf('a.jpg') });
    expect(entries).toMatchObject([{ resource: 'upload-session', result: 'deleted' }]);
    expect(await sessions()).toMatchObject([{ ended: 'FailedReach' }]);
  });

  test('leaves the sessions of other runs alone', async () => {
    await api.control.setProcessing({ baseMs: 60_000, msPerMegabyte: 0 });
    await handedIn('a.jpg');
    expect(await remove({ tag: tagOf('another key') })).toEqual([]);
    expect(await sessions()).toMatchObject([{ ended: null }]);
  });

  test('deletes the asset that came of it, by its name and content where it carries no tag', async () => {
    const bytes = await pictureBytes('a.jpg');
    const { assetIngestionSessionId: id } = await api.upload({ 'a.jpg': bytes });
    const content = JSON.stringify({ sizeBytes: bytes.byteLength });
    const pending = { kind: 'ingestion', id, in: 'demo', item: 'a.jpg', content, words: 'a.jpg' };
    const [asset] = await api.assets();
    const entries = await remove({ pending, tag: tagOf('a.jpg') });
    expect(entries).toMatchObject([
      {
        resource: 'upload-session',
        result: 'deleted',
        because: expect.stringContaining(asset?.assetId ?? '?') as string,
      },
      { resource: 'asset', id: asset?.assetId, result: 'deleted' },
    ]);
    expect(await api.assets()).toEqual([]);
  });

  test('leaves an asset of that name with the tag of another run', async () => {
    const pending = await handedIn('a.jpg');
    const entries = await remove({ pending, tag: tagOf('another key') });
    expect(entries).toMatchObject([
      { resource: 'upload-session', because: expect.stringMatching(/not this/) as string },
    ]);
    expect(await api.assets()).toHaveLength(1);
  });

  test('in a session that goes on for others, waits until the provider has decided', async () => {
    await api.control.setProcessing({ baseMs: 2500, msPerMegabyte: 0 });
    const shared = deps();
    const both = await Promise.all(['a.jpg', 'b.jpg'].map((name) => handedIn(name, shared)));
    expect(both[0]?.id).toBe(both[1]?.id);
    const entries = await remove({ pending: both[0], tag: tagOf('a.jpg') });
    expect(entries).toMatchObject([
      { resource: 'upload-session', id: both[0]?.id, result: 'deleted' },
      { resource: 'asset', result: 'deleted' },
    ]);
    expect((await api.assets()).map(({ filename }) => filename)).toEqual(['b.jpg']);
  });

  test('under "keep" leaves what was sent, and gives up what was not', async () => {
    await api.control.setProcessing({ baseMs: 60_000, msPerMegabyte: 0 });
    const pending = await handedIn('a.jpg');
    expect(await remove({ pending, tag: tagOf('a.jpg') }, 'keep')).toMatchObject([{ id: pending.id, result: 'kept' }]);
    expect(await sessions()).toMatchObject([{ ended: null }]);
    expect(await remove({ pending, unsent: true, tag: tagOf('a.jpg') }, 'keep')).toMatchObject([{ result: 'deleted' }]);
    expect(await sessions()).toMatchObject([{ ended: 'FailedReach' }]);
  });
});
