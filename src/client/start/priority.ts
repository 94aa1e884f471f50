import type { WorkflowExecutionDescription } from '@temporalio/client';
import { InvalidInput } from '../../temporal/errors';

/** See Temporal's task queue priority and fairness. A run's activities inherit it. */
export interface StartPriority {
  /** 1 to 5; lower goes first. Default: 3. */
  priorityKey?: number;
  /** Runs with the same key share their part of the dispatch, such as a tenant's; at most 64 bytes. */
  fairnessKey?: string;
}

const LOWEST_PRIORITY = 5;
const MAX_FAIRNESS_KEY_BYTES = 64;

/** @throws InvalidInput for a value that the server would refuse or misread */
export function checkPriority({ priorityKey = 1, fairnessKey = '' }: StartPriority): void {
  if (!Number.isInteger(priorityKey) || priorityKey < 1 || priorityKey > LOWEST_PRIORITY) {
    throw new InvalidInput(
      `priority.priorityKey: must be a whole number from 1 to ${LOWEST_PRIORITY}, not ${priorityKey}`,
    );
  }
  if (Buffer.byteLength(fairnessKey) > MAX_FAIRNESS_KEY_BYTES) {
    throw new InvalidInput(`priority.fairnessKey: must have at most ${MAX_FAIRNESS_KEY_BYTES} bytes`);
  }
}

/** What a run was started with, for one that goes on with its work; `undefined` if with nothing. */
export function priorityOfRun({ priority }: Pick<WorkflowExecutionDescription, 'priority'>): StartPriority | undefined {
  const priorityKey = priority?.priorityKey || undefined; // the server sends 0 and an empty text for what was not given
  const fairnessKey = priority?.fairnessKey || undefined;
  return priorityKey === undefined && fairnessKey === undefined ? undefined : { priorityKey, fairnessKey };
}
