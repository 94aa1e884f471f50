import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { ORPHAN_SWEEP, sweepId, WORKFLOW_TASK_QUEUE, type ProviderName } from '../contracts/ids';
import type { SweepInput, SweepReport } from '../contracts/ledger/sweep';

/** Sweeps once and gives the report, also when something is left over. */
export async function sweep(client: Client, provider: ProviderName, input: SweepInput): Promise<SweepReport> {
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
    throw cause ?? error;
  }
}

export interface SweepSchedule {
  scheduleId: string;
  everyMs: number;
  grace: string;
}

/** Creates the Schedule that sweeps a provider account, or changes the one there is to this. Safe to repeat. */
export async function ensureSweepSchedule(
  client: Client,
  provider: ProviderName,
  { everyMs, grace }: { everyMs: number; grace: string },
): Promise<SweepSchedule & { created: boolean }> {
  const scheduleId = sweepId(provider);
  const schedule = {
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: ORPHAN_SWEEP,
      workflowId: scheduleId,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [{ provider, grace }],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
  };
  try {
    await client.schedule.create({ scheduleId, ...schedule });
    return { scheduleId, everyMs, grace, created: true };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }));
  return { scheduleId, everyMs, grace, created: false };
}
