import { proxyActivities } from '@temporalio/workflow';
import type { Activities, LedgerActivities, ProviderRef } from '../../contracts/activities';
import { accountWalk, cleanup } from './activity-options';

/** The steps of deletions and sweeps, in one place. @param summary shown with each of them in Temporal Web. */
export function ledgerSteps(
  { provider, place }: ProviderRef,
  summary: string,
): LedgerActivities & Pick<Activities, 'removeResources'> {
  const words = place === undefined ? summary : `${summary} · ${place}`;
  const inPlace = <I extends ProviderRef>(step: I): I => (place === undefined ? step : { ...step, place });
  const walk = proxyActivities<LedgerActivities>({ ...accountWalk(provider), summary: words });
  const { removeResources } = proxyActivities<Activities>({ ...cleanup(provider), summary: words });
  return {
    findMade: (input) => walk.findMade(inPlace(input)),
    findOrphans: (input) => walk.findOrphans(inPlace(input)),
    removeResources: (input) => removeResources(inPlace(input)),
  };
}
