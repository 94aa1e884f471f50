import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { Receipt, ReceiptEntry } from '../../contracts/lifecycle-status';
import type { Resource } from '../../contracts/resource';
import type { ProviderName } from '../../contracts/ids';
import type { Steps } from './steps';
import { describeError, endsLifecycle } from './stop';

export interface CleanUpInput {
  provider: ProviderName;
  steps: Steps;
  /** In order of creation. */
  made: readonly Resource[];
  policy: CleanupPolicy;
}

/** Ends every resource in the receipt, newest first; one that resists does not keep the next from its turn. */
export async function cleanUp({ provider, steps, made, policy }: CleanUpInput): Promise<Receipt> {
  const entries: ReceiptEntry[] = [];
  for (const resource of made.toReversed()) {
    const reason = keptBecause(resource, policy);
    if (reason && resource.id) {
      entries.push({ resource: resource.kind, id: resource.id, result: 'kept', because: reason, at: now() });
      continue;
    }
    try {
      entries.push(...(await steps.removeResource({ provider, resource, policy })));
    } catch (error) {
      if (!endsLifecycle(error)) throw error;
      entries.push(leftover(resource, error));
    }
  }
  return { policy, entries };
}

function keptBecause(resource: Resource, policy: CleanupPolicy): string | undefined {
  if (policy === 'keep') return 'the cleanup policy is "keep"';
  if (resource.kind === 'asset' && resource.adopted && policy !== 'force-delete') {
    return 'adopted: it existed before this lifecycle, which removes it only by force';
  }
  return undefined;
}

function leftover(resource: Resource, error: unknown): ReceiptEntry {
  const { type, message } = describeError(error);
  return {
    resource: resource.kind,
    id: resource.id,
    result: 'leftover',
    because: message,
    errorType: type === 'Unexpected' ? undefined : type,
    at: now(),
  };
}

const now = (): string => new Date().toISOString();
