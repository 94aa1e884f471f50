import type { BatchIndex, RefusedEntry } from '../../contracts/batch/listed-items';
import { nameOfSource } from '../../contracts/source-name';
import type { DeclaredTraits, PaceLimit, ProviderDeclaration } from '../../providers/provider-declaration';
import { declarationOf, mediaRefusal, PROVIDERS, type Registry } from '../../providers/registry';
import { CauseTally, type FailureCause } from '../report';
import { GroupTally } from './group-tally';
import { ItemTally, KindTally, type PlannedItem } from './item-tally';

export type { PlannedItem };

/** What a batch would do, as far as it can be told before anything is sent. */
export interface BatchPlan {
  items: number;
  /** Of the items whose size is known. */
  bytes: number;
  withoutSize: number;
  /** Of the items whose length is known; pictures have none. */
  mediaSeconds: number;
  /** Items whose content nobody looked at, or that does not tell. */
  withoutMedia: number;
  /** Entries that no glob asks for. */
  skipped: number;
  refused: number;
  /** Why entries are refused, the most frequent cause first. */
  causes: FailureCause[];
  /** Least time under the account's limits, however fast everything else is. */
  leastSeconds: number;
  /** The limit that it comes from. */
  slowedBy?: string;
  /** The variable that says this limit; absent if it is the one published for the smallest account. */
  limitSetBy?: string;
  /**
   * Fewest requests to the provider: submissions, what uploads in parts take beside them, marks of completed items, starts
   * of branches, reads of their records, and one look at what is waited for. What was submitted alone is looked at alone.
   */
  requests: Record<'create' | 'parts' | 'mark' | 'branch' | 'read' | 'look' | 'total', number>;
  /** Fewest billable actions at Temporal. */
  actions: number;
}

export interface PlanInput {
  index: Pick<BatchIndex, 'provider' | 'skipped' | 'inFlight'>;
  items: AsyncIterable<PlannedItem> | Iterable<PlannedItem>;
  refused: AsyncIterable<RefusedEntry> | Iterable<RefusedEntry>;
  /** Default: those that the provider publishes for its smallest account. */
  limits?: readonly PaceLimit[];
  registry?: Registry;
}

/** Reckons what a batch would take. Reads each item once, with flat memory. */
export async function planItems(plan: PlanInput): Promise<BatchPlan> {
  const { index, registry = PROVIDERS } = plan;
  const declared = declarationOf(index.provider, registry);
  const tally = new ItemTally(declared);
  const groups = new GroupTally(declared, index.inFlight);
  const refused = new CauseTally();
  for await (const entry of plan.refused) refused.add(entry);
  for await (const item of plan.items) {
    const refusal = contentRefusal(item, registry);
    if (refusal !== undefined) {
      refused.add(refusal);
      continue;
    }
    tally.add(item);
    groups.add(item);
  }
  const { items, bytes, withoutSize, mediaSeconds, withoutMedia } = tally;
  const submissions = submissionsOf(tally, declared.traits, index.inFlight);
  const { seconds: leastSeconds, limit } = slowestOf(plan.limits ?? declared.paceLimits, tally, submissions);
  return {
    ...{ items, bytes, withoutSize, mediaSeconds: Math.round(mediaSeconds), withoutMedia },
    ...{ skipped: index.skipped, refused: refused.count, causes: refused.causes() },
    leastSeconds,
    ...(limit && { slowedBy: limit.words }),
    ...(limit?.setBy !== undefined && { limitSetBy: limit.setBy }),
    requests: requestsOf(tally, declared, submissions),
    actions: groups.actions,
  };
}

/** What the provider's published limits would refuse of the content. */
function contentRefusal(
  { input, filename, sizeBytes = 0, media }: PlannedItem,
  registry: Registry,
): RefusedEntry | undefined {
  if (!media || !input.preflight) return undefined;
  const field = input.source.type === 's3' ? 'source.key' : 'source.path';
  const reason = mediaRefusal(input, { ...media, filename, sizeBytes, field }, registry);
  return reason === undefined
    ? undefined
    : { at: filename, name: nameOfSource(input.source), refused: 'InvalidRequest', reason };
}

/** What goes alone is one submission each; the others share theirs with those that may be under way at once. */
function submissionsOf(
  { handedIn, alone }: ItemTally,
  { itemsPerSubmission }: DeclaredTraits,
  inFlight = itemsPerSubmission,
): number {
  return alone + Math.ceil((handedIn.items - alone) / Math.min(itemsPerSubmission, inFlight));
}

/** The first window takes its share at once; each further one costs its length. */
function slowestOf(
  limits: readonly PaceLimit[],
  tally: ItemTally,
  submissions: number,
): { seconds: number; limit?: PaceLimit } {
  let slowest: { seconds: number; limit?: PaceLimit } = { seconds: 0 };
  for (const limit of limits) {
    const { of, branch, kinds, most, windowSec } = limit;
    const those = branch === undefined ? tally.handedIn : (tally.branches.get(branch) ?? new KindTally());
    const items = kinds === undefined ? those.items : those.ofKinds(kinds);
    const count = of === 'items' ? items : of === 'mediaSeconds' ? those.mediaSeconds : submissions;
    const seconds = Math.max(0, Math.ceil(count / most) - 1) * windowSec;
    if (seconds > slowest.seconds) slowest = { seconds, limit };
  }
  return slowest;
}

function requestsOf(
  { items, handedIn, alone, inParts, branches }: ItemTally,
  { traits: { handlesPerWatch, marksAssets }, requestsInParts }: ProviderDeclaration,
  create: number,
): BatchPlan['requests'] {
  const ofBranches = [...branches.values()];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  const looksFor = (waited: number): number => Math.ceil(waited / handlesPerWatch);
  const requests = {
    create,
    parts: inParts * requestsInParts,
    mark: marksAssets ? handedIn.items : 0,
    branch: sum(ofBranches.map((one) => one.items)),
    read: sum(ofBranches.map(({ read }) => read)),
    look: alone + looksFor(items - alone) + sum(ofBranches.map(({ waited }) => looksFor(waited))),
  };
  return { ...requests, total: sum(Object.values(requests)) };
}
