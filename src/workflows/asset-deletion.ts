import { setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import { failure } from '../contracts/failures';
import { lifecycleWorkflowId } from '../contracts/ids';
import type { DeletionInput } from '../contracts/ledger/deletion';
import type { LifecycleStatus, Receipt } from '../contracts/lifecycle-status';
import { acceptDeletion, checked } from './lib/accept';
import { cleanUp } from './lib/clean-up';
import { ledgerSteps } from './lib/ledger-steps';
import { noteClosed, startingStatus, statusQuery } from './lib/status';
import { showDeletion } from './lib/visibility';

/**
 * Removes by force, dependents first, what the closed lifecycle of a key has made, wherever its tag is found; also what
 * comes late of a write that was under way when the lifecycle closed. Harmless to repeat. Query: `status`.
 * @param input at a provider with places also the field that names the place, as in a lifecycle's input.
 * @throws InvalidRequest when a lifecycle of the key is open, which hears `forceDelete` itself · the failure of what is
 *   left over, with the {@link LifecycleStatus} as its details.
 */
export async function assetDeletion(input: DeletionInput): Promise<LifecycleStatus> {
  const {
    provider,
    place,
    key,
    reason,
    workflowId = lifecycleWorkflowId(provider, key),
  } = await checked(() => acceptDeletion(input));
  const steps = ledgerSteps({ provider, place }, key);
  const policy = 'force-delete';
  const receipt: Receipt = { policy, entries: [] };
  const status: LifecycleStatus = {
    ...startingStatus(key, provider, workflowInfo().startTime.toISOString()),
    phase: 'cleaning',
    receipt,
    reason,
  };
  setHandler(statusQuery, () => status);
  showDeletion(status);

  let found = await steps.findMade({ provider, key, workflowId });
  if (found.open) {
    const other = found.openWorkflowId ?? workflowId;
    const running = other === workflowId ? `"${key}"` : `of the workflow id "${other}"`;
    throw failure('InvalidRequest', `key: the lifecycle ${running} is running; send it the signal forceDelete instead`);
  }
  status.known = found.known || found.made.length > 0;
  const remove = async (): Promise<void> => {
    const entries = await cleanUp({ provider, steps, made: found.made, policy, unlessOpen: workflowId });
    receipt.entries.push(...entries.filter(({ id }) => !receipt.entries.some((entry) => entry.id === id)));
  };
  await remove();
  while (!found.open && found.settlesInMs > 0) {
    await sleep(found.settlesInMs);
    found = await steps.findMade({ provider, key, workflowId });
    await remove();
  }
  return close(status, receipt);
}

function close(status: LifecycleStatus, { entries }: Receipt): LifecycleStatus {
  const leftover = entries.find(({ result }) => result === 'leftover');
  const outcome = leftover ? 'failed' : 'deleted';
  status.outcome = outcome;
  status.phase = outcome;
  noteClosed(status.timings);
  if (!leftover) {
    showDeletion(status);
    return status;
  }
  const { resource, id, because, errorType } = leftover;
  const message = `Deletion could not finish: ${resource} ${id} is left over: ${because}`;
  status.error = { type: errorType ?? 'Unexpected', message };
  showDeletion(status);
  throw failure(errorType ?? 'ProviderRejected', message, { details: status });
}
