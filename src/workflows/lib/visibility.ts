import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributeUpdatePair, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../contracts/ids';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import type { LifecycleStatus, Phase } from '../../contracts/lifecycle-status';
import { nameOfSource } from '../../contracts/source-name';
import { firstOf } from '../../contracts/values/text';

/** Keeps Temporal Web and list queries in step with a lifecycle's status; sends only what has changed. */
export class Visibility {
  private readonly sent: Map<string, string | number>;

  /** @param known what the run was started with */
  constructor(known: TypedSearchAttributes) {
    this.sent = new Map(
      known.getAll().flatMap(({ key, value }) => (typeof value === 'string' ? [[key.name, value]] : [])),
    );
  }

  show(status: LifecycleStatus, input: AcceptedInput): void {
    const { key, assetId, provider, phase, branch, outcome, bytes, readyAt } = SEARCH_ATTRIBUTES;
    const pairs: (SearchAttributeUpdatePair | undefined)[] = [
      this.changed(key, status.key),
      this.changed(provider, status.provider),
      this.changed(branch, input.branch.type),
      this.changed(phase, status.phase),
      this.changed(outcome, status.outcome),
      this.changed(assetId, status.asset?.id),
      this.changed(bytes, status.asset?.sizeBytes),
      status.timings.readyAt !== undefined && this.differs(readyAt.name, status.timings.readyAt)
        ? { key: readyAt, value: new Date(status.timings.readyAt) }
        : undefined,
    ];
    const updates = pairs.filter((pair) => pair !== undefined);
    if (updates.length > 0) upsertSearchAttributes(updates);
    setCurrentDetails(describe(status, input));
  }

  private changed(key: SearchAttributeUpdatePair['key'], value: string | number | undefined) {
    if (value === undefined || !this.differs(key.name, value)) return undefined;
    return { key, value } as SearchAttributeUpdatePair;
  }

  private differs(name: string, value: string | number): boolean {
    if (this.sent.get(name) === value) return false;
    this.sent.set(name, value);
    return true;
  }
}

/** Sets outcome and phase of a run whose input was refused, so that lists show it. */
export function showRefused(message: string): void {
  upsertSearchAttributes([
    { key: SEARCH_ATTRIBUTES.phase, value: 'failed' },
    { key: SEARCH_ATTRIBUTES.outcome, value: 'failed' },
  ]);
  setCurrentDetails(`**failed**: ${message}`);
}

/** For a deletion, which has no lifecycle input. */
export function showDeletion(status: LifecycleStatus): void {
  const { key, provider, phase, outcome } = SEARCH_ATTRIBUTES;
  upsertSearchAttributes([
    { key, value: status.key },
    { key: provider, value: status.provider },
    { key: phase, value: status.phase },
    ...(status.outcome ? [{ key: outcome, value: status.outcome }] : []),
  ]);
  setCurrentDetails([`**${status.phase}**: everything of the key, by force`, '', ...linesOf(status)].join('\n'));
}

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

function describe(status: LifecycleStatus, input: AcceptedInput): string {
  const { asset, branch, outcome } = status;
  const lines = [`**${status.phase}**: ${DOING[status.phase]}`, '', `- source: ${code(nameOfSource(input.source))}`];
  if (status.upload) lines.push(`- upload: about ${status.upload.percent} % of ${status.upload.totalBytes} bytes`);
  if (asset)
    lines.push(
      `- asset: ${code(asset.id)}, ${asset.status}${asset.adopted ? ', adopted' : ''}${asset.adoptedUnchecked ? ', taken up without comparing its content' : ''}`,
    );
  if (branch) lines.push(`- branch: ${branch.type}${branch.id ? ` ${code(branch.id)}` : ''}, ${branch.status}`);
  if (branch?.result) {
    const { count, dimensions, uri } = branch.result;
    lines.push(`- result: ${count} segments of ${dimensions} dimensions in ${code(uri)}`);
  }
  lines.push(...linesOf(status));
  if (!outcome) lines.push('', `A cancel now ${ON_CANCEL[input.cleanup.onCancel]}.`);
  return lines.join('\n');
}

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
