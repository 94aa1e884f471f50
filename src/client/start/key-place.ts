import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import { declarationOf, placeOf } from '../../providers/registry';
import { closedStatus } from '../../temporal/runs/lifecycle-runs';
import { KeyInUse } from '../../temporal/errors';
import { inputOfRun } from './run-input';

/** A run whose input was refused, such as for another place than the key's, has used no place. */
async function wasRefused(client: Client, run: WorkflowExecutionDescription): Promise<boolean> {
  if (run.status.name !== 'FAILED') return false;
  const { asset, error } = await closedStatus(client, run);
  return error?.type === 'InvalidRequest' && asset === undefined;
}

/** The place of a run's asset, as its input names it; `undefined` for an input that is not valid. */
export async function placeOfRun(client: Client, run: WorkflowExecutionDescription): Promise<string | undefined> {
  const input = await inputOfRun(client, run);
  return input && placeOf(input);
}

/**
 * A key means one asset, which is in one place.
 * @throws KeyInUse if the run is in another place
 */
export async function refuseOtherPlace(
  client: Client,
  { key, provider, place }: Pick<CompleteInput, 'provider'> & { key: string; place: string | undefined },
  run: WorkflowExecutionDescription,
): Promise<void> {
  if (place === undefined) return;
  const its = await placeOfRun(client, run);
  if (its === undefined || its === place || (await wasRefused(client, run))) return;
  const { placeField } = declarationOf(provider);
  const remedy = 'give another key, or remove by force what this one has';
  throw new KeyInUse(`key: "${key}" is used with the ${placeField} "${its}", not "${place}"; ${remedy}`);
}
