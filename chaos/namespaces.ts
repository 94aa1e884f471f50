import { setTimeout as delay } from 'node:timers/promises';
import { Client, isGrpcServiceError, WorkflowNotFoundError, type Connection } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils';
import { msToTs } from '@temporalio/common/lib/time';
import { addSearchAttributes } from '../src/temporal/namespace/search-attributes';
import type { AskedStop } from './checks/evidence';

/** Makes a namespace as `setup` would leave it. @returns its id, by which its lifecycles mark their assets */
export async function createNamespace(connection: Connection, namespace: string): Promise<string> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('3 days'),
  });
  for (;;) {
    try {
      await addSearchAttributes(connection, namespace);
      const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
      if (namespaceInfo?.id && (await runsCanBeAskedFor(connection, namespace))) return namespaceInfo.id;
    } catch {
      // a new namespace is known to all parts of the server after a moment
    }
    await delay(200);
  }
}

/** The parts of the server that keep runs and their histories learn of a namespace later than the part that takes requests. */
async function runsCanBeAskedFor(connection: Connection, namespace: string): Promise<boolean> {
  const none = new Client({ connection, namespace }).workflow.getHandle('none');
  for (const ask of [() => none.describe(), () => none.fetchHistory()]) {
    const isKnown = await ask().then(() => true, isOfNoRun);
    if (!isKnown) return false;
  }
  return true;
}

/** Not of the namespace, which has the same code. */
const isOfNoRun = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError ||
  (isGrpcServiceError(error) && error.code === NOT_FOUND && !/namespace/i.test(error.details));

/** Does at once what the end of retention does: Temporal forgets all runs of a workflow id. */
export async function forgetRuns({ connection, options }: Client, workflowId: string, runIds: string[]): Promise<void> {
  const { namespace } = options;
  for (const runId of runIds) {
    const execution = { workflowId, runId };
    await connection.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: execution });
    for (;;) {
      try {
        await connection.workflowService.describeWorkflowExecution({ namespace, execution });
      } catch (error) {
        if (error instanceof WorkflowNotFoundError || (isGrpcServiceError(error) && error.code === NOT_FOUND)) break;
        throw error;
      }
      await delay(50);
    }
  }
}

const NOT_FOUND = 5;

/** The server takes a cancel for a closed run without a word; what the run's history holds was heard in time. */
export function heardOf(stops: AskedStop[], history: History): AskedStop[] {
  const events = history.events ?? [];
  const heard = {
    cancel: events.some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'cancel'),
    'force-delete': events.some(
      (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'forceDelete',
    ),
    'native-cancel': events.some((event) => event.workflowExecutionCancelRequestedEventAttributes),
    terminate: events.some((event) => event.workflowExecutionTerminatedEventAttributes),
  };
  return stops.map((stop) => ({ ...stop, accepted: heard[stop.what] }));
}
