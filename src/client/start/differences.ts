import { isGrpcServiceError, QueryNotRegisteredError, type Client } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { STATUS_QUERY } from '../../contracts/ids';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import type { LifecycleStatus, SourceFacts } from '../../contracts/lifecycle-status';
import { closedStatus } from '../../temporal/runs/lifecycle-runs';
import { inputOfRun } from './run-input';

const COMPARED = [
  'source',
  'filename',
  'metadata',
  'upload',
  'branches',
  'cleanup',
  'deadlines',
] as const satisfies (keyof CompleteInput)[];

/**
 * Fields in which this input, or the file it names, differs from that of an existing run, as far as known. A completed
 * run is only joined when the key has all branches of the input: they do not differ.
 */
export async function differences(
  client: Client,
  input: CompleteInput,
  run: WorkflowExecutionDescription,
): Promise<string[]> {
  const its = await inputOfRun(client, run);
  const compared = run.status.name === 'RUNNING' ? input : { ...input, branches: its?.branches ?? [] };
  const fields: string[] = its ? differing(compared, its) : [];
  const now = fields.includes('source') ? undefined : await factsOfFile(input);
  const then = now && (await statusOf(client, run))?.source;
  if (!now || !then) return fields;
  if (now.sizeBytes !== then.sizeBytes) fields.push('source.sizeBytes');
  if (then.modifiedAt !== undefined && now.modifiedAt !== then.modifiedAt) fields.push('source.modifiedAt');
  return fields;
}

/** Fields of the input that only count when an asset is made, and that differ from those of the run that made it. */
export async function assetDifferences(
  client: Client,
  input: CompleteInput,
  run: WorkflowExecutionDescription,
): Promise<string[]> {
  const its = await inputOfRun(client, run);
  const ofAsset = ['filename', 'metadata', ...Object.keys(input.fields)];
  return its ? differing(input, its).filter((name) => ofAsset.includes(name)) : [];
}

function differing(input: CompleteInput, its: CompleteInput): string[] {
  const differs = (one: unknown, other: unknown): boolean => !isDeepStrictEqual(plain(one), plain(other));
  const own = Object.keys(input.fields).filter((name) => differs(input.fields[name], its.fields[name]));
  const common = COMPARED.filter((name) => differs(input[name], its[name]));
  return [...common.map((name) => (name === 'branches' ? 'branch' : name)), ...own];
}

/** Converts a value as JSON does: undefined fields are absent. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** Only for a file that this machine has too. */
async function factsOfFile({ source }: CompleteInput): Promise<SourceFacts | undefined> {
  if (source.type !== 'file' || !path.isAbsolute(source.path)) return undefined;
  const found = await stat(source.path, { bigint: true }).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return { sizeBytes: Number(found.size), modifiedAt: new Date(Number(found.mtimeNs / 1_000_000n)).toISOString() };
}

const ANSWER_WITHIN_MS = 3000;

async function statusOf(client: Client, run: WorkflowExecutionDescription): Promise<LifecycleStatus | undefined> {
  if (run.status.name !== 'RUNNING') return closedStatus(client, run);
  try {
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.query<LifecycleStatus>(STATUS_QUERY));
  } catch (error) {
    if (isGrpcServiceError(error) || error instanceof QueryNotRegisteredError) return undefined; // no worker answers
    throw error;
  }
}
