import { log } from '@temporalio/activity';
import type { MediaProvider } from '../../providers/media-provider';
import type { ActivityDependencies } from '../dependencies';
import type { LifecycleRun } from '../../contracts/runs';

/**
 * Lifecycles that want the asset, beside the one of `workflowId`: open ones, and those that completed with it, whose mark
 * the provider may have refused. Where visibility does not tell, none: an adopter's mark protects the asset as well.
 */
export async function lifecyclesWanting(
  { runs }: ActivityDependencies,
  assetId: string,
  workflowId: string | undefined,
): Promise<LifecycleRun[]> {
  try {
    return (await runs.wantedBy(assetId)).filter((run) => run.workflowId !== workflowId);
  } catch (error) {
    log.warn('visibility does not tell which lifecycles have the asset', { assetId, error: (error as Error).message });
    return [];
  }
}

/**
 * Who would lose the asset without a word from the provider, in words for a receipt, and then also who holds it otherwise;
 * empty when nobody would lose it.
 * @param ended ids of what has ended just now: the provider may still list it
 */
export async function usersOf(
  { assets }: MediaProvider,
  assetId: string,
  { ended, signal }: { ended: ReadonlySet<string>; signal: AbortSignal },
): Promise<string[]> {
  const losers = await assets.referrers(assetId, { signal, unprotectedOnly: true });
  if (losers.every(({ id }) => ended.has(id))) return [];
  const all = await assets.referrers(assetId, { signal });
  return all.filter(({ id }) => !ended.has(id)).map(({ words }) => words);
}

/** Because of whom the provider refuses an unforced deletion, in words for a receipt. */
export async function blockersOf({ assets }: MediaProvider, assetId: string, signal: AbortSignal): Promise<string[]> {
  const all = await assets.referrers(assetId, { signal });
  return all.filter(({ blocksDeletion }) => blocksDeletion).map(({ words }) => words);
}
