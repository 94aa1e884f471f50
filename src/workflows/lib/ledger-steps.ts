import { proxyActivities } from '@temporalio/workflow';
import type { Activities, LedgerActivities } from '../../contracts/activities';
import type { ProviderName } from '../../contracts/ids';
import { accountWalk, cleanup } from './activity-options';

/** The steps of deletions and sweeps. @param summary shown with each of them in Temporal Web. */
export function ledgerSteps(
  provider: ProviderName,
  summary: string,
): LedgerActivities & Pick<Activities, 'removeResources'> {
  const { findMade, findOrphans } = proxyActivities<LedgerActivities>({ ...accountWalk(provider), summary });
  const { removeResources } = proxyActivities<Activities>({ ...cleanup(provider), summary });
  return { findMade, findOrphans, removeResources };
}
