import { itemsPerGroup } from '../group-size';
import type { BatchIndex, RefusedEntry } from '../../contracts/batch/listed-items';
import { nameOfSource } from '../../contracts/source-name';
import type { MediaFacts } from '../../media/media-facts';
import type { DeclaredTraits, PaceLimit } from '../../providers/provider-declaration';
import { declarationOf, mediaRefusal, PROVIDERS, type Registry } from '../../providers/registry';
import { CauseTally, type FailureCause } from '../report';
import type { BatchItem } from '../read-batch';

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
  /** Fewest requests to the provider. */
  requests: { create: number; mark: number; branch: number; look: number; total: number };
  /** Fewest billable actions at Temporal. */
  actions: number;
}

/** What looking into an item's content gave; absent where nobody looked. */
export interface PlannedItem extends Pick<BatchItem, 'item' | 'input' | 'filename' | 'sizeBytes'> {
  media?: MediaFacts;
}

export interface PlanInput {
  index: Pick<BatchIndex, 'provider' | 'skipped'>;
  items: AsyncIterable<PlannedItem> | Iterable<PlannedItem>;
  refused: AsyncIterable<RefusedEntry> | Iterable<RefusedEntry>;
  /** Default: those that the provider publishes for its smallest account. */
  limits?: readonly PaceLimit[];
  registry?: Registry;
}

/** A group's steps: submit, settle, branch, collect, release. With its start and the signal of its end each is an action. */
const ACTIONS_PER_GROUP = 5 + 2;
/** Start of the batch, its listing, and its end. */
const ACTIONS_PER_BATCH = 3;

/** Reckons what a batch would take. Reads each item once, with flat memory. */
export async function planBatch(plan: PlanInput): Promise<BatchPlan> {
  const { index, registry = PROVIDERS } = plan;
  const { traits, paceLimits } = declarationOf(index.provider, registry);
  const tally = new Tally();
  const refused = new CauseTally();
  for await (const entry of plan.refused) refused.add(entry);
  for await (const item of plan.items) {
    const refusal = contentRefusal(item, registry);
    if (refusal === undefined) tally.add(item);
    else refused.add(refusal);
  }
  const { items, bytes, withoutSize, mediaSeconds, withoutMedia } = tally;
  const slowest = slowestOf(plan.limits ?? paceLimits, tally, traits);
  return {
    ...{ items, bytes, withoutSize, mediaSeconds: Math.round(mediaSeconds), withoutMedia },
    ...{ skipped: index.skipped, refused: refused.count, causes: refused.causes() },
    leastSeconds: slowest.seconds,
    ...(slowest.words === undefined ? {} : { slowedBy: slowest.words }),
    requests: requestsOf(tally, traits),
    actions: items === 0 ? 0 : ACTIONS_PER_BATCH + ACTIONS_PER_GROUP * Math.ceil(items / itemsPerGroup(traits)),
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

/** Items, and how many of them are known to be of a kind of media. */
class ItemTally {
  items = 0;
  mediaSeconds = 0;
  private readonly kinds = new Map<MediaFacts['kind'], number>();

  count({ kind, durationSec = 0 }: Pick<MediaFacts, 'kind' | 'durationSec'>): void {
    this.items += 1;
    this.mediaSeconds += durationSec;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }

  ofKinds(kinds: readonly MediaFacts['kind'][]): number {
    return kinds.reduce((sum, kind) => sum + (this.kinds.get(kind) ?? 0), 0);
  }
}

class Tally extends ItemTally {
  bytes = 0;
  withoutSize = 0;
  withoutMedia = 0;
  readonly branches = new Map<string, ItemTally>();

  add({ input, sizeBytes, media }: PlannedItem): void {
    this.count(media ?? {});
    this.bytes += sizeBytes ?? 0;
    if (sizeBytes === undefined) this.withoutSize += 1;
    if (media?.durationSec === undefined && media?.kind !== 'image') this.withoutMedia += 1;
    for (const { type } of input.branches) {
      const branch = this.branches.get(type) ?? new ItemTally();
      branch.count(media ?? {});
      this.branches.set(type, branch);
    }
  }
}

/** The first window takes its share at once; each further one costs its length. */
function slowestOf(
  limits: readonly PaceLimit[],
  tally: Tally,
  { itemsPerSubmission }: DeclaredTraits,
): { seconds: number; words?: string } {
  let slowest: { seconds: number; words?: string } = { seconds: 0 };
  for (const { of, branch, kinds, most, windowSec, words } of limits) {
    const those = branch === undefined ? tally : (tally.branches.get(branch) ?? new ItemTally());
    const items = kinds === undefined ? those.items : those.ofKinds(kinds);
    const count =
      of === 'items' ? items : of === 'mediaSeconds' ? those.mediaSeconds : Math.ceil(items / itemsPerSubmission);
    const seconds = Math.max(0, Math.ceil(count / most) - 1) * windowSec;
    if (seconds > slowest.seconds) slowest = { seconds, words };
  }
  return slowest;
}

function requestsOf(
  { items, branches }: Tally,
  { itemsPerSubmission, handlesPerWatch, marksAssets }: DeclaredTraits,
): BatchPlan['requests'] {
  const create = Math.ceil(items / itemsPerSubmission);
  const mark = marksAssets ? items : 0;
  const branch = [...branches.values()].reduce((sum, one) => sum + one.items, 0);
  const look = Math.ceil(items / handlesPerWatch);
  return { create, mark, branch, look, total: create + mark + branch + look };
}
