import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributeUpdatePair, TypedSearchAttributes } from '@temporalio/common';
import { branchAttribute, SEARCH_ATTRIBUTES } from '../../contracts/ids';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { detailsOfDeletion, detailsOfLifecycle } from './details';

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
      this.changed(branch, branchAttribute(input.branches)),
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
    setCurrentDetails(detailsOfLifecycle(status, input));
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
  setCurrentDetails(detailsOfDeletion(status));
}
