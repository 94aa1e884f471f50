import type { WorkflowExecutionInfo } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { failureType } from '../../contracts/failures';
import {
  keyOfWorkflowId,
  providerOfWorkflowId,
  SEARCH_ATTRIBUTES,
  STATUS_MEMO,
  type ProviderName,
} from '../../contracts/ids';
import { isOutcome, PHASES, type LifecycleStatus, type Outcome, type Phase } from '../../contracts/lifecycle-status';

/** One lifecycle in a list; made from what Temporal's visibility knows, without asking a worker. */
export interface LifecycleSummary {
  key: string;
  provider: ProviderName;
  phase: Phase;
  outcome?: Outcome;
  branch?: string;
  assetId?: string;
  sizeBytes?: number;
  startedAt: string;
  closedAt?: string;
  workflowId: string;
  runId: string;
}

export type Run = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'status' | 'startTime' | 'closeTime' | 'typedSearchAttributes'
>;

/** True for a run that was ended from outside, so that it could not clean up. */
export const isStopped = ({ status }: Pick<Run, 'status'>): boolean =>
  status.name === 'TERMINATED' || status.name === 'TIMED_OUT';

export function summaryOf(run: Run): LifecycleSummary {
  const { key, assetId, provider, phase, outcome, branch, bytes } = SEARCH_ATTRIBUTES;
  const attributes = run.typedSearchAttributes;
  const name = attributes.get(provider) ?? providerOfWorkflowId(run.workflowId);
  const ended = outcomeOf(run, attributes.get(outcome));
  return {
    key: attributes.get(key) ?? keyOfWorkflowId(name, run.workflowId) ?? run.workflowId,
    provider: name,
    phase: ended ?? phaseOf(attributes.get(phase)),
    outcome: ended,
    branch: attributes.get(branch),
    assetId: attributes.get(assetId),
    sizeBytes: attributes.get(bytes),
    startedAt: run.startTime.toISOString(),
    closedAt: run.closeTime?.toISOString(),
    workflowId: run.workflowId,
    runId: run.runId,
  };
}

/** A run that was terminated or timed out never said its outcome: it failed. */
function outcomeOf(run: Run, said: string | undefined): Outcome | undefined {
  if (run.status.name === 'RUNNING') return undefined;
  return said !== undefined && isOutcome(said) ? said : run.status.name === 'CANCELLED' ? 'cancelled' : 'failed';
}

const phaseOf = (said: string | undefined): Phase => PHASES.find((phase) => phase === said) ?? 'pending';

/** The status of a run as far as its summary tells: for closed runs without a result, and when no worker answers. */
export function statusOfSummary(summary: LifecycleSummary): LifecycleStatus {
  const { key, provider, phase, outcome, assetId, sizeBytes, startedAt, closedAt } = summary;
  const elapsedSec = closedAt ? (Date.parse(closedAt) - Date.parse(startedAt)) / 1000 : undefined;
  return {
    key,
    provider,
    phase,
    outcome,
    ...(assetId ? { asset: { id: assetId, status: 'processing', sizeBytes } } : {}),
    timings: { startedAt, closedAt, elapsedSec },
  };
}

/** The status that a failed run carries in its failure. */
export function statusOfFailure(cause: unknown, summary: LifecycleSummary): LifecycleStatus {
  if (cause instanceof ApplicationFailure && isStatus(cause.details?.[0])) return cause.details[0];
  const message = cause instanceof Error ? cause.message : 'the run was ended from outside';
  return { ...statusOfSummary(summary), error: { type: failureType(cause) ?? 'Unexpected', message } };
}

/** The status that a natively cancelled run left in its memo. */
export function statusOfMemo(memo: Record<string, unknown> | undefined, summary: LifecycleSummary): LifecycleStatus {
  const status = memo?.[STATUS_MEMO];
  return isStatus(status) ? status : statusOfSummary(summary);
}

export const isStatus = (value: unknown): value is LifecycleStatus =>
  typeof value === 'object' && value !== null && 'phase' in value && 'timings' in value;
