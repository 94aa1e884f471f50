import { Readable } from 'node:stream';
import type { Branch } from '../../../src/contracts/branches/branch';
import { failureType, type FailureType } from '../../../src/contracts/failures';
import type { LedgerTag, ReadTag } from '../../../src/contracts/resource';
import type { Submission } from '../../../src/providers/intake';
import type { ProviderAsset } from '../../../src/providers/assets';
import type { MediaProvider } from '../../../src/providers/media-provider';
import type { Outcome } from '../../../src/providers/outcome';
import type { OpenedUpload } from '../../../src/providers/part-uploads';
import type { SourceBytes } from '../../../src/storage/files/source-bytes';

/** Calls that the kit lets fail. */
export type FaultyCall = 'submit' | 'get';

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
}

/** One provider under test: what differs between providers beside their traits. */
export interface Harness {
  provider: MediaProvider;
  /** Media that the provider takes whole. */
  media: { filename: string; fileType: string; content: Buffer };
  /** A size that goes up in parts, two of them at least, for the file name of `media`. */
  partsSizeBytes: number;
  /** Fields of the input that only this provider has. */
  fields: Submission['fields'];
  /** Ends whatever the provider works on. */
  settle(): Promise<void>;
  /** The next such call fails so. `OutcomeUnknown`: it has its effect, and the answer is lost. */
  failNext(call: FaultyCall, type: FailureType): Promise<void>;
  /** Runs once the next submission has arrived at the provider, before its effect. */
  whenSubmitArrives(run: () => void): void;
  /** Types that the provider can give of a submission, beside those that the kit brings about by itself. */
  failures: readonly FailureType[];
  branches: readonly BranchCase[];
  /** Ends an upload session as failed. */
  failSession(upload: OpenedUpload): Promise<void>;
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

/** A submission of the harness's media. */
export function submissionOf({ media, fields }: Harness, key: string, changes: Partial<Submission> = {}): Submission {
  const { filename, content } = media;
  return {
    ...{ filename, fields, metadata: {}, tag: tagOf(key) },
    content: { route: 'whole', bytes: sourceOf(filename, content) },
    ...changes,
  };
}

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

/** An asset of the harness's media that is ready. */
export async function readyAsset(harness: Harness, key = 'k'): Promise<ProviderAsset> {
  const submitted = valueOf((await submitAll(harness, [submissionOf(harness, key)]))[0]);
  if (!('asset' in submitted)) throw new Error('the item did not go whole');
  await harness.settle();
  return submitted.asset;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
