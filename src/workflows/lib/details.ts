import type { AcceptedInput } from '../../contracts/lifecycle-input';
import {
  branchesOf,
  type AssetSnapshot,
  type BranchStatus,
  type LifecycleStatus,
  type Phase,
} from '../../contracts/lifecycle-status';
import { nameOfSource } from '../../contracts/source-name';
import { firstOf } from '../../contracts/values/text';

const DOING: Record<Phase, string> = {
  pending: 'not started yet',
  creating: 'handing the source to the provider',
  processing: 'waiting until the provider has processed the asset',
  branching: 'the asset is ready; the branch is at work',
  cleaning: 'cleaning up',
  completed: 'everything is ready',
  cancelled: 'stopped on request; see the receipt',
  deleted: 'force-deleted; see the receipt',
  failed: 'see the error and the receipt',
};

const ON_CANCEL = {
  keep: 'keeps what was made',
  delete: 'deletes what was made, unless something else refers to it',
  'force-delete': 'deletes what was made, also where something else refers to it',
} as const;

type DescribedInput = Pick<AcceptedInput, 'provider' | 'fields' | 'source' | 'cleanup'>;

/** What the lifecycle is doing, what it has, and what a cancel would do now. */
export function detailsOfLifecycle(status: LifecycleStatus, input: DescribedInput): string {
  const { asset, ingestion, outcome } = status;
  const branches = branchesOf(status);
  const lines = [`**${status.phase}**: ${DOING[status.phase]}`, '', `- source: ${code(nameOfSource(input.source))}`];
  lines.push(lineOfProvider(input));
  if (ingestion) lines.push(`- session: ${code(ingestion.id)}`);
  if (status.upload) lines.push(`- upload: about ${status.upload.percent} % of ${status.upload.totalBytes} bytes`);
  if (asset) lines.push(lineOfAsset(asset));
  for (const one of branches) lines.push(...linesOfBranch(one, branches.length > 1));
  lines.push(...linesOf(status));
  if (!outcome) lines.push('', `A cancel now ${ON_CANCEL[input.cleanup.onCancel]}.`);
  return lines.join('\n');
}

/** The provider, and its own fields of the input that say more than their absence. */
function lineOfProvider({ provider, fields }: DescribedInput): string {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined && value !== false);
  return `- provider: ${[code(provider), ...said.map(([name, value]) => `${name} ${code(String(value))}`)].join(', ')}`;
}

/** @param isOneOfMany its failure then stands with it; that of a single one is the lifecycle's error. */
function linesOfBranch({ type, id, status, result, error }: BranchStatus, isOneOfMany: boolean): string[] {
  const lines = [`- branch: ${type}${id ? ` ${code(id)}` : ''}, ${status}`];
  if (result) {
    lines.push(`- result: ${result.count} segments of ${result.dimensions} dimensions in ${code(result.uri)}`);
  }
  if (error && isOneOfMany) lines.push(`- error of ${type}: ${error.type}: ${code(error.message)}`);
  return lines;
}

function lineOfAsset({ id, status, adopted, adoptedUnchecked }: AssetSnapshot): string {
  const facts = [code(id), status];
  if (adopted) facts.push('adopted');
  if (adoptedUnchecked) facts.push('taken up without comparing its content');
  return `- asset: ${facts.join(', ')}`;
}

export const detailsOfDeletion = (status: LifecycleStatus): string =>
  [`**${status.phase}**: everything of the key, by force`, '', ...linesOf(status)].join('\n');

/** How the run was stopped, and the receipt. */
function linesOf({ reason, error, receipt }: LifecycleStatus): string[] {
  const entries = receipt?.entries ?? [];
  return [
    ...(reason ? [`- reason given: ${code(reason)}`] : []),
    ...(error ? [`- error: ${error.type}: ${code(error.message)}`] : []),
    ...entries.map(
      ({ result, resource, id, because }) => `- ${result}: ${resource}${id ? ` ${code(id)}` : ''} (${because})`,
    ),
  ];
}

/** Shown as code, so that Markdown in a name has no effect. */
const code = (text: string): string => `\`${firstOf(text.replaceAll('`', "'").replaceAll(/\s+/g, ' '), 300)}\``;
