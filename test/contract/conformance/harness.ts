import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Branch } from '../../../src/contracts/branches/branch';
import type { Handle } from '../../../src/contracts/branches/handle';
import { failureType, type FailureType } from '../../../src/contracts/failures';
import type { LedgerTag, ReadTag } from '../../../src/contracts/resource';
import type { BranchStart } from '../../../src/providers/branch-kind';
import type { ItemFacts, Route, Submission, Submitted } from '../../../src/providers/intake';
import type { ProviderAsset } from '../../../src/providers/assets';
import type { MediaProvider, Observation } from '../../../src/providers/media-provider';
import { only, succeeded, type Outcome } from '../../../src/providers/outcome';
import type { OpenedParts } from '../../../src/providers/part-uploads';
import type { SourceBytes } from '../../../src/storage/files/source-bytes';

/** Which branch of the provider, and which of its effects. */
export interface BranchName {
  type: string;
  effect: 'free' | 'create' | 'join';
}

/** A branch that the provider offers, as the kit uses it. */
export interface BranchCase extends BranchName {
  /** A value for the input's `branch`; makes at the provider what it refers to. */
  branch: () => Promise<Branch>;
  /** Media that it takes, where it does not take the harness's. */
  media?: Harness['media'];
  /** Of `join`: the object that such a branch names. */
  joined?: (branch: Branch) => { in: string; id: string };
  /** Of `free`: the embeddings of its records, in their order, as the provider itself holds them; two at least. */
  embeddings?: (start: BranchStart) => Promise<readonly (readonly number[])[]>;
}

/** What lets a submission fail. */
export interface Cause {
  /** The submission fails for what it holds. */
  changes?: Partial<Submission>;
  /** The submission fails for a state of the provider, which this ends. */
  end?: () => void;
}

/**
 * What the provider offers. The kit leaves out what is not listed, says so in its title, and checks that the provider
 * indeed does not have it.
 */
export interface Offers {
  /** Ways up. */
  routes: readonly Route[];
  branches: readonly BranchName[];
  /** Failures of a submission that the harness can bring about; `ProviderRejected` is one of them. */
  failures: readonly FailureType[];
  marksAssets: boolean;
}

/** One provider under test: what differs between providers beside their traits. */
export interface Harness {
  provider: MediaProvider;
  /** Media that the provider takes whole, or in parts where it takes none whole. */
  media: { filename: string; fileType: string; content: Buffer };
  /** A size that goes up in parts, two of them at least, for the file name of `media`. */
  partsSizeBytes: number;
  /** Fields of the input that only this provider has. */
  fields: Submission['fields'];
  /** An item that the provider takes in no way, whatever its size. */
  impossible: Omit<ItemFacts, 'filename' | 'field'>;
  /** Ids as the provider writes them, which it never gave. */
  unknown: { assetId: string; sessionId: string };
  /** Ends whatever the provider works on. */
  settle(): Promise<void>;
  /** Lets the next submission fail so. `OutcomeUnknown`: it has its effect, and the answer is lost. */
  cause(type: FailureType): Promise<Cause>;
  /** The provider does not answer when it is next asked for that asset by itself. */
  failNextReadOf(assetId: string): Promise<void>;
  /** Runs once the next submission has arrived at the provider, before its effect. */
  whenSubmitArrives(run: () => void): void;
  branches: readonly BranchCase[];
  /** SHA-256 of the asset's bytes as the provider holds them. */
  sha256Of(assetId: string): Promise<string | undefined>;
  /** Ends an upload session as failed. */
  failSession(upload: OpenedParts): Promise<void>;
  /** Lets the URLs expire that were given out for the session, and not the session. */
  expireUrls(upload: OpenedParts): Promise<void>;
  close(): Promise<void>;
}

/** Starts the provider with nothing in it. */
export type StartHarness = () => Promise<Harness>;

/** The harness of the running test. */
export type Current = () => Harness;

export const tagOf = (key: string, owner = 'conformance'): LedgerTag => ({
  ...{ key, owner, workflowId: `w-${key}`, runId: `r-${key}`, onCancel: 'delete', onFailure: 'keep' },
});

export const readTagOf = (key: string): ReadTag => tagOf(key);

export function sourceOf(filename: string, content: Buffer): SourceBytes {
  return {
    ...{ filename, sizeBytes: content.byteLength, fingerprint: 'f', content: 'file:c' },
    read: ({ start, end } = { start: 0, end: content.byteLength }) => Readable.from([content.subarray(start, end)]),
  };
}

let named = 0;

/** A submission of the harness's media, by the way that the provider chooses; under a name of its own where it must have one. */
export function submissionOf(harness: Harness, key: string, changes: Partial<Submission> = {}): Submission {
  const { filename, content } = harness.media;
  const facts = { source: 'file', method: 'auto', field: 'source.path' } as const;
  const route = harness.provider.intake.route({ ...facts, filename, sizeBytes: content.byteLength });
  if (route === 'url') throw new Error('a file cannot go by URL');
  const name = harness.provider.traits.uniqueNames ? `${key}-${++named}-${filename}` : filename;
  return {
    ...{ filename: name, fields: harness.fields, metadata: {}, tag: tagOf(key) },
    content: { route, bytes: sourceOf(name, content) },
    ...changes,
  };
}

/** Id of the asset that a submission has made or reserved; waits for it where it is not known yet. */
export async function assetIdOf(harness: Harness, submitted: Submitted): Promise<string> {
  if ('asset' in submitted) return submitted.asset.id;
  if ('upload' in submitted) return submitted.upload.assetId;
  const { state, asset, message } = await ended(harness, submitted.pending);
  if (state === 'ready' && asset) return asset.id;
  throw new Error(`no asset came of ${submitted.pending.words}: ${state}, ${message}`);
}

/** The parts of a submission that are to be sent. */
export const partsOf = (submitted: Submitted): OpenedParts | undefined =>
  'upload' in submitted ? submitted.upload : 'pending' in submitted ? submitted.parts : undefined;

/** Waits until what was submitted is not worked on any more. */
async function ended(harness: Harness, handle: Handle): Promise<Observation> {
  for (;;) {
    await harness.settle();
    for await (const heard of harness.provider.watch([handle], { pace: async () => {} })) {
      if ('error' in heard) throw heard.error;
      if (heard.state !== 'working') return heard;
    }
    await delay(10);
  }
}

/** For each outcome, `ok` or the type of its failure; of one that is pending, how it ends. */
export const wordsOf = (harness: Harness, outcomes: readonly Outcome<Submitted>[]): Promise<string[]> =>
  Promise.all(
    outcomes.map(async (outcome) => {
      if (!outcome.ok || !('pending' in outcome.value)) return wordOf(outcome);
      const { state, type = 'ProcessingFailed' } = await ended(harness, outcome.value.pending);
      return state === 'ready' ? 'ok' : type;
    }),
  );

export const idsOf = (harness: Harness, outcomes: readonly (Outcome<Submitted> | undefined)[]): Promise<string[]> =>
  Promise.all(outcomes.map((outcome) => assetIdOf(harness, valueOf(outcome))));

/** Ids of the assets that carry the tag of the key. */
export const idsWith = async ({ provider }: Harness, key: string): Promise<string[]> =>
  (await provider.intake.find([{ tag: tagOf(key) }])).flat().map(({ id }) => id);

/** Submits in as few calls as the traits allow. */
export async function submitAll({ provider }: Harness, items: readonly Submission[]) {
  const outcomes: Awaited<ReturnType<MediaProvider['intake']['submit']>> = [];
  const { itemsPerSubmission } = provider.traits;
  for (let from = 0; from < items.length; from += itemsPerSubmission) {
    outcomes.push(...(await provider.intake.submit(items.slice(from, from + itemsPerSubmission))));
  }
  return outcomes;
}

export function valueOf<T>(outcome: Outcome<T> | undefined): T {
  if (!outcome) throw new Error('there is no outcome');
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}

/** `ok`, or the type of the failure. */
export const wordOf = (outcome: Outcome<unknown> | undefined): string =>
  outcome?.ok ? 'ok' : (failureType(outcome?.error) ?? String((outcome?.error as Error | undefined)?.name));

export const typeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: unknown) => failureType(error) ?? (error as Error).name,
  );

/** Bytes of one part; the last has the rest. */
export const partOf = (content: Buffer, { partBytes, totalParts }: OpenedParts, part: number): Buffer =>
  content.subarray((part - 1) * partBytes, part === totalParts ? undefined : part * partBytes);

/** Sends the parts in the order of `numbers`, and reports each. */
export async function sendParts(
  { provider }: Harness,
  upload: OpenedParts,
  content: Buffer,
  numbers = Array.from({ length: upload.totalParts }, (_, at) => at + 1),
): Promise<void> {
  const { parts } = provider.intake;
  const { sessionId, headers } = upload;
  for (const part of numbers) {
    const bytes = partOf(content, upload, part);
    const url = only((await parts.urls(sessionId, { first: part, count: 1 })).map(succeeded));
    const etag = await parts.put(url, bytes, { headers, md5: md5Of(bytes) });
    await parts.report(sessionId, [{ part, sizeBytes: bytes.byteLength, etag }]);
  }
}

export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

/** An asset of the harness's media that is ready. */
export async function readyAsset(harness: Harness, key = 'k'): Promise<ProviderAsset> {
  const submitted = valueOf((await submitAll(harness, [submissionOf(harness, key)]))[0]);
  const parts = partsOf(submitted);
  if (parts) await sendParts(harness, parts, harness.media.content);
  await harness.settle();
  return 'asset' in submitted ? submitted.asset : harness.provider.assets.get(await assetIdOf(harness, submitted));
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
