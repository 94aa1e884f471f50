import type { Client } from '@temporalio/client';
import { batchWorkflowId } from '../../src/contracts/ids';
import type { Figure } from '../figures';

const MOST_EVENTS = 10_000;

/** Of all runs of the batch and of its groups. */
export async function largestHistory(client: Client, batchId: string): Promise<Figure> {
  const id = batchWorkflowId(batchId);
  let ofBatch = 0;
  let ofGroups = 0;
  let runs = 0;
  for await (const { workflowId, historyLength } of client.workflow.list({ query: `AssetBatch = "${batchId}"` })) {
    runs += 1;
    if (workflowId === id) ofBatch = Math.max(ofBatch, historyLength);
    else ofGroups = Math.max(ofGroups, historyLength);
  }
  const value = Math.max(ofBatch, ofGroups);
  return {
    name: 'events of the largest history',
    value,
    unit: '',
    goal: `<= ${MOST_EVENTS}`,
    ok: runs > 1 && value <= MOST_EVENTS,
    note: `batch ${ofBatch}, group ${ofGroups}; ${runs} runs`,
  };
}
