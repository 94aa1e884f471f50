import { goesInParts } from '../group-size';
import type { Branch } from '../../contracts/branches/branch';
import type { MediaFacts } from '../../media/media-facts';
import type { ProviderDeclaration } from '../../providers/provider-declaration';
import type { BatchItem } from '../read-batch';

/** What looking into an item's content gave; absent where nobody looked. */
export interface PlannedItem extends Pick<BatchItem, 'item' | 'input' | 'filename' | 'sizeBytes'> {
  media?: MediaFacts;
}

/** Items, and how many of them are known to be of a kind of media. */
export class KindTally {
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

/** Items that have a branch. */
export class BranchTally extends KindTally {
  /** Whose branch is waited for, since its start does not answer with the records. */
  waited = 0;
  /** Whose records are read then. */
  read = 0;
}

/** All items of a batch, as far as limits and requests depend on them. */
export class ItemTally extends KindTally {
  bytes = 0;
  withoutSize = 0;
  withoutMedia = 0;
  /** Items that are handed in: an adopted asset is there. */
  readonly handedIn = new KindTally();
  /** Of them, those that have a submission of their own. */
  alone = 0;
  inParts = 0;
  readonly branches = new Map<string, BranchTally>();

  constructor(private readonly declared: ProviderDeclaration) {
    super();
  }

  add(planned: PlannedItem): void {
    const { input, filename, sizeBytes, media } = planned;
    this.count(media ?? {});
    this.bytes += sizeBytes ?? 0;
    if (sizeBytes === undefined) this.withoutSize += 1;
    if (media?.durationSec === undefined && media?.kind !== 'image') this.withoutMedia += 1;
    if (input.source.type !== 'asset') {
      this.handedIn.count(media ?? {});
      if (this.declared.goesAlone?.({ filename }) === true) this.alone += 1;
      if (goesInParts({ ...planned, source: input.source }, this.declared, input.upload.method)) this.inParts += 1;
    }
    for (const branch of input.branches) this.addBranch(branch, planned);
  }

  private addBranch(branch: Branch, planned: PlannedItem): void {
    const { type } = branch;
    const tally = this.branches.get(type) ?? new BranchTally();
    this.branches.set(type, tally);
    tally.count(planned.media ?? {});
    if (!isWaitedFor(branch, planned, this.declared)) return;
    tally.waited += 1;
    if (kindOf(branch, this.declared)?.plan(branch).stores) tally.read += 1;
  }
}

const kindOf = ({ type }: Branch, { branches }: ProviderDeclaration) => branches.find((one) => one.type === type);

/** Whether the item's branch is certain to be waited for once it was started. */
export const isWaitedFor = (
  branch: Branch,
  { filename, media }: Pick<PlannedItem, 'filename' | 'media'>,
  declared: ProviderDeclaration,
): boolean =>
  kindOf(branch, declared)?.mayAnswerAtOnce?.(branch, { filename, ...(media && { kind: media.kind }) }) !== true;
