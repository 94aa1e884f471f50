import { log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities, ReleaseAssetInput } from '../../contracts/activities';
import { FAILURES, failureType } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { completedField, releaseFields, TAG_FIELDS, type Release } from '../../contracts/resource';
import type { MediaProvider } from '../../providers/media-provider';
import { withHeartbeat, cancellationOf } from '../lib/activity-call';
import { findByTag } from '../lib/find-by-tag';
import { ledgerTag, providerOf, type ActivityDependencies } from '../dependencies';
import { removeSurplus } from '../cleanup/delete-asset';
import { only, unlessGone } from '../../providers/outcome';

/** See {@link Activities.releaseAsset}. Nothing is written once the lifecycle is cancelled. */
export const createReleaseAsset =
  (deps: ActivityDependencies): Activities['releaseAsset'] =>
  (input) =>
    withHeartbeat((signal) => release(deps, input, signal));

/** The mark is set whatever becomes of the surplus; a mark that is refused for good stands in the receipt. */
export async function release(
  deps: ActivityDependencies,
  input: ReleaseAssetInput,
  signal: AbortSignal,
): Promise<ReceiptEntry[]> {
  const { assetId, as, tag } = input;
  const provider = providerOf(deps, input);
  let entries: ReceiptEntry[] = [];
  let trouble: unknown;
  try {
    entries = await surplusOf(deps, input, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    trouble = error;
  }
  const refused = await setMark(provider, assetId, { as, runId: tag.runId }, signal);
  if (refused) entries = [...entries, keptUnmarked(assetId, 'the lifecycle completed with it', refused)];
  if (trouble === undefined) return entries;
  if (!isFinal(trouble)) throw trouble;
  log.warn('could not look for surplus assets; a sweep will', { assetId, error: trouble.message });
  return entries;
}

async function surplusOf(
  deps: ActivityDependencies,
  input: ReleaseAssetInput,
  signal: AbortSignal,
): Promise<ReceiptEntry[]> {
  const { assetId, tag, filename, since, isAlone } = input;
  if (isAlone) return [];
  const provider = providerOf(deps, input);
  const found = await findByTag(provider, { tag: ledgerTag(deps, tag), filename, since }, signal);
  const others = found.map(({ id }) => id).filter((id) => id !== assetId);
  return removeSurplus({ deps, provider, workflowId: tag.workflowId, signal }, others);
}

/**
 * Marks the asset as let go of by its run. With whom the key completed before stays in mind: the run may still be stopped after
 * this, and fail to put its mark right.
 * @returns the provider's words when it refuses for good; a sweep that finds the run sets the mark then. An asset that
 *   is gone needs none.
 */
export async function setMark(
  provider: MediaProvider,
  assetId: string,
  { as, runId, completedBy }: { as: Release; runId: string; completedBy?: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (signal.aborted) throw cancellationOf(signal);
  const fields = { ...releaseFields(as, runId), [TAG_FIELDS.runId]: runId, ...completedField(completedBy) };
  try {
    await unlessGone(provider.assets.annotate([{ assetId, fields }], { signal }).then(only));
    return undefined;
  } catch (error) {
    if (!isFinal(error)) throw error;
    log.warn('the asset could not be marked as released', { assetId, as, error: error.message });
    return error.message;
  }
}

export const keptUnmarked = (id: string, why: string, refused: string): ReceiptEntry => ({
  resource: 'asset',
  id,
  result: 'kept',
  because: `${why}; its release mark could not be set: ${refused}; the next sweep sets it`,
  at: new Date().toISOString(),
});

/** A failure that no later attempt would mend. */
function isFinal(error: unknown): error is ApplicationFailure {
  const type = failureType(error);
  return type !== undefined && !FAILURES[type].retry && error instanceof ApplicationFailure;
}
