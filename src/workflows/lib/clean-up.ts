import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { Activities } from '../../contracts/activities';
import type { Receipt, ReceiptEntry } from '../../contracts/lifecycle-status';
import { parentOf, type Resource } from '../../contracts/resource';
import type { ProviderName } from '../../contracts/ids';
import { describeError, endsLifecycle } from './stop';

export interface CleanUpInput {
  provider: ProviderName;
  steps: Pick<Activities, 'removeResource'>;
  /** In order of creation. */
  made: readonly Resource[];
  policy: CleanupPolicy;
  /** What is kept is marked as kept on purpose, so that no sweep takes it; default: yes. */
  marksKept?: boolean;
  /** A workflow id: nothing is touched while a lifecycle of that id is open. */
  unlessOpen?: string;
}

/** Ends every resource in the receipt, newest first; one that resists does not keep the next from its turn. */
export async function cleanUp(input: CleanUpInput): Promise<Receipt> {
  const { provider, steps, made, policy, unlessOpen, marksKept = true } = input;
  const entries: ReceiptEntry[] = [];
  for (const resource of made.toReversed()) {
    const reason = keptBecause(resource, policy, marksKept);
    if (reason && resource.id) {
      entries.push({ ...named(resource), result: 'kept', because: reason, at: now() });
      continue;
    }
    try {
      entries.push(...(await steps.removeResource({ provider, resource, policy, unlessOpen })));
    } catch (error) {
      if (!endsLifecycle(error)) throw error;
      entries.push(leftover(resource, error));
    }
  }
  return { policy, entries };
}

function keptBecause(resource: Resource, policy: CleanupPolicy, marksKept: boolean): string | undefined {
  if ('adopted' in resource && resource.adopted && policy !== 'force-delete') {
    return 'adopted: it existed before this lifecycle, which removes it only by force';
  }
  const marked = marksKept && resource.kind === 'asset'; // by an activity
  return policy === 'keep' && !marked ? 'the cleanup policy is "keep"' : undefined;
}

function leftover(resource: Resource, error: unknown): ReceiptEntry {
  const { type, message } = describeError(error);
  return {
    ...named(resource),
    result: 'leftover',
    because: message,
    errorType: type === 'Unexpected' ? undefined : type,
    at: now(),
  };
}

const named = (resource: Resource) => ({ resource: resource.kind, id: resource.id, ...parentOf(resource) });

const now = (): string => new Date().toISOString();
