import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowFailedError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { ORPHAN_SWEEP, sweepId, WORKFLOW_TASK_QUEUE, type ProviderName } from '../contracts/ids';
import type { SweepInput, SweepReport } from '../contracts/ledger/sweep';
import type { PlacesInput } from '../providers/registry';
import { failureBehind } from '../temporal/errors';
import { isRefusal, wordsOf } from '../temporal/grpc-errors';

/** Sweeps once and gives the report, also when something is left over. */
export async function sweep(
  client: Client,
  provider: ProviderName,
  input: Omit<SweepInput, 'provider'> & PlacesInput,
): Promise<SweepReport> {
  try {
    return (await client.workflow.execute(ORPHAN_SWEEP, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: `${sweepId(provider)}:${new Date().toISOString()}`,
      args: [{ ...input, provider }],
      staticSummary: input.dryRun ? 'dry run, on request' : 'on request',
    })) as SweepReport;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    const [report] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
    if (typeof report === 'object' && report !== null && 'leftover' in report) return report as SweepReport;
    throw failureBehind(cause ?? error);
  }
}

/** What happened to the Schedule, or what was found. */
export interface ScheduleOutcome {
  scheduleId: string;
  /** `refused`: the server does not let this caller make it. */
  state: 'created' | 'updated' | 'refused' | 'found' | 'paused' | 'missing';
  /** The server's words. */
  because?: string;
}

/**
 * Creates the Schedule that sweeps a provider account, or changes the one there is to this. Safe to repeat. A refusal
 * is returned, not thrown.
 */
export async function ensureSweepSchedule(
  client: Client,
  provider: ProviderName,
  { everyMs, grace, ...places }: { everyMs: number; grace: string } & PlacesInput,
): Promise<ScheduleOutcome> {
  const scheduleId = sweepId(provider);
  const schedule = {
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: ORPHAN_SWEEP,
      workflowId: scheduleId,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [{ provider, grace, ...places }],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
  };
  try {
    await client.schedule.create({ scheduleId, ...schedule });
    return { scheduleId, state: 'created' };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) return refusal(scheduleId, error);
  }
  try {
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }));
    return { scheduleId, state: 'updated' };
  } catch (error) {
    return refusal(scheduleId, error);
  }
}

/** The Schedule as it is. */
export async function findSweepSchedule(client: Client, provider: ProviderName): Promise<ScheduleOutcome> {
  const scheduleId = sweepId(provider);
  try {
    const { state } = await client.schedule.getHandle(scheduleId).describe();
    return { scheduleId, state: state.paused ? 'paused' : 'found' };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return { scheduleId, state: 'missing' };
    return refusal(scheduleId, error);
  }
}

function refusal(scheduleId: string, error: unknown): ScheduleOutcome {
  if (!isRefusal(error)) throw error;
  return { scheduleId, state: 'refused', because: wordsOf(error) };
}
