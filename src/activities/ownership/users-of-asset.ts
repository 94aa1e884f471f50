import { log } from '@temporalio/activity';
import type { MediaProvider } from '../../providers/media-provider';
import type { ActivityDependencies } from '../dependencies';
import type { LifecycleRun } from '../../contracts/runs';
import { unlessGone } from '../../providers/outcome';

/**
 * Open lifecycles that have the asset, beside the one of `workflowId`. Where visibility refuses to tell, none: an
 * adopter's mark on the asset protects it as well.
 */
export async function openLifecyclesWith(
  { runs }: ActivityDependencies,
  assetId: string,
  workflowId: string | undefined,
): Promise<LifecycleRun[]> {
  try {
    return (await runs.openWith(assetId)).filter((run) => run.workflowId !== workflowId);
  } catch (error) {
    log.warn('visibility does not tell which lifecycles have the asset', { assetId, error: (error as Error).message });
    return [];
  }
}

/** What refers to the asset, in words for a receipt. */
export interface Users {
  /** The provider would take the asset out of these without a word. */
  unprotected: string[];
  /** The provider refuses an unforced deletion because of these. */
  blocking: string[];
}

/** @param ended ids of what has ended just now: the provider may still list it */
export async function usersOf(
  { assets }: MediaProvider,
  assetId: string,
  { ended, signal }: { ended: ReadonlySet<string>; signal: AbortSignal },
): Promise<Users> {
  const users: Users = { unprotected: [], blocking: [] };
  for (const { id, words, blocksDeletion } of (await unlessGone(assets.referrers(assetId, { signal }))) ?? []) {
    if (blocksDeletion) users.blocking.push(words);
    else if (!ended.has(id)) users.unprotected.push(words);
  }
  return users;
}
