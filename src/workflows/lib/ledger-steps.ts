import { proxyActivities } from '@temporalio/workflow';
import type { Activities, LedgerActivities } from '../../contracts/activities';
import type { ProviderName } from '../../contracts/ids';
import { cleanup, providerCall } from './activity-options';

/** The steps of deletions and sweeps, with a summary of what for. */
export function ledgerSteps(
  provider: ProviderName,
  summary: string,
): LedgerActivities & Pick<Activities, 'removeResources'> {
  const walk = { ...providerCall(provider), startToCloseTimeout: '6h', heartbeatTimeout: '45s', summary } as const; // page by page over all assets
  const { findMade, findOrphans } = proxyActivities<LedgerActivities>(walk);
  const { removeResources } = proxyActivities<Activities>({ ...cleanup(provider), summary });
  return { findMade, findOrphans, removeResources };
}
