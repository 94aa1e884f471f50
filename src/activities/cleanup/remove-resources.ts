import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../contracts/activities';
import { FAILURES, failureType, withDetails } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { isAsset, isOfBranch, type Resource } from '../../contracts/resource';
import { providerOf, type ActivityDependencies } from '../dependencies';
import { freePlace } from '../ownership/key-place';
import { withHeartbeat } from '../lib/activity-call';
import { endResource } from './end-resource';
import { leftover } from './receipt-entry';
import type { Removal } from './removal';

/**
 * See {@link Activities.removeResources}. A non-retryable failure is recorded as `leftover` and cleanup continues.
 * Exception: when something is left over that a sweep finds only through its asset, the asset is kept.
 */
export const createRemoveResources =
  (deps: ActivityDependencies): Activities['removeResources'] =>
  ({ resources, policy, unlessOpen, ...where }) =>
    withHeartbeat(async (signal) => {
      const provider = providerOf(deps, where);
      const own = new Set(resources.flatMap(({ kind, id }) => (kind === 'asset' && id !== undefined ? [id] : [])));
      const removal: Removal = { provider, deps, policy, unlessOpen, own, ended: new Set(), signal };
      const done: ReceiptEntry[] = [];
      let needsAsset: ReceiptEntry | undefined;
      for (const resource of resources) {
        if (needsAsset?.errorType && isAsset(resource) && policy !== 'keep') {
          const message = `stays, since a sweep finds by it what else is left over: ${needsAsset.because}`;
          done.push(leftover(resource, { type: needsAsset.errorType, message }));
          continue;
        }
        try {
          done.push(...(await endResource(resource, removal)));
        } catch (error) {
          const type = failureType(error);
          if (type === undefined || !(error instanceof ApplicationFailure)) throw error;
          if (FAILURES[type].retry) throw withDetails(error, { done });
          const entry = leftover(resource, { type, message: error.message });
          done.push(entry);
          removal.leftOver = true;
          if (isFoundByAsset(resource, removal)) needsAsset = entry;
        }
      }
      const keys =
        policy === 'force-delete' && done.every(({ result }) => result === 'deleted')
          ? new Set(resources.flatMap(keyOf))
          : [];
      for (const key of keys) await freePlace(deps, { ...where, key });
      return done;
    });

/** The key that a lifecycle's own asset is of. */
const keyOf = (resource: Resource): string[] =>
  isAsset(resource) && resource.tag !== undefined ? [resource.tag.key] : [];

const isFoundByAsset = (resource: Resource, { provider }: Removal): boolean =>
  isOfBranch(resource) && provider.branches[resource.branch]?.foundByAsset?.(resource) === true;
