import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { LifecycleError, ReceiptEntry } from '../../contracts/lifecycle-status';
import type { Resource } from '../../contracts/resource';

/** Why a resource counts as deleted that nobody deleted just now. */
export const UNKNOWN = 'the provider does not know it (any more)';

/** What became of a resource, now. */
export const entryOf = (resource: Resource, result: ReceiptEntry['result'], because: string): ReceiptEntry => ({
  resource: resource.kind,
  id: resource.id,
  in: 'in' in resource ? resource.in : undefined,
  result,
  because,
  at: new Date().toISOString(),
});

/** A resource that could not be removed, with the error in the provider's words. */
export const leftover = (resource: Resource, { type, message }: LifecycleError): ReceiptEntry => ({
  ...entryOf(resource, 'leftover', message),
  errorType: type === 'Unexpected' ? undefined : type,
});

/** Why a resource stays without asking anybody; undefined when it is to go. */
export function keptBecause(resource: Resource, policy: CleanupPolicy): string | undefined {
  if ('adopted' in resource && resource.adopted && policy !== 'force-delete') {
    return 'adopted: it existed before this lifecycle, which removes it only by force';
  }
  return policy === 'keep' ? 'the cleanup policy is "keep"' : undefined;
}
