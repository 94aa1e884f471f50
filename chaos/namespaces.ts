import { setTimeout as delay } from 'node:timers/promises';
import { Client, isGrpcServiceError, WorkflowNotFoundError, type Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { addSearchAttributes } from '../src/temporal/namespace/search-attributes';

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
      await startAndReadARun(connection, namespace);
      if (namespaceInfo?.id) return namespaceInfo.id;
    } catch {
      // a new namespace is known to all parts of the server after a moment
    }
    await delay(200);
  }
}

/** @throws while a part of the server does not know the namespace */
async function startAndReadARun(connection: Connection, namespace: string): Promise<void> {
  const { workflow } = new Client({ connection, namespace });
  const run = await workflow.start('none', { workflowId: 'none', taskQueue: 'none' });
  await run.terminate();
  await run.fetchHistory();
}

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
