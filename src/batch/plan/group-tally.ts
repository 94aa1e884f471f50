import { goesByItself, itemsPerGroup } from '../group-size';
import type { ProviderDeclaration } from '../../providers/provider-declaration';
import { isWaitedFor, type PlannedItem } from './item-tally';

/**
 * Start of the batch; the activities that list it, look for what exists, cut the groups and close it; a timer; and its search
 * attributes as it begins, has been listed, and ends.
 */
const ACTIONS_PER_BATCH = 1 + 4 + 1 + 3;
/** Start of the group, the steps submit, settle and release, a timer beside the wait, and the signal of its end. */
const ACTIONS_PER_GROUP = 1 + 3 + 1 + 1;
const ACTIONS_OF_BRANCH = 1;
/** The step collect, and a timer beside it. */
const ACTIONS_OF_WAIT = 2;

/**
 * Billable actions of the groups that the items are cut into, in their order, where no step takes long: without heartbeats
 * and further rounds.
 */
export class GroupTally {
  private groups = 0;
  private withBranch = 0;
  private withWait = 0;
  private open: { items: number; hasBranch: boolean; hasWait: boolean } | undefined;
  private readonly size: number;

  constructor(
    private readonly declared: ProviderDeclaration,
    inFlight: number | undefined,
  ) {
    this.size = itemsPerGroup(declared.traits, inFlight);
  }

  get actions(): number {
    if (this.groups === 0) return 0;
    const { groups, withBranch, withWait } = this;
    return ACTIONS_PER_BATCH + groups * ACTIONS_PER_GROUP + withBranch * ACTIONS_OF_BRANCH + withWait * ACTIONS_OF_WAIT;
  }

  /** Cuts as the batch does: what goes by itself ends the group before it. */
  add(planned: PlannedItem): void {
    const { input } = planned;
    const isAlone = goesByItself({ ...planned, source: input.source }, this.declared);
    const isFull = this.open !== undefined && this.open.items >= this.size;
    const isNew = this.open === undefined || isAlone || isFull;
    const group = this.open && !isNew ? this.open : { items: 0, hasBranch: false, hasWait: false };
    if (isNew) this.groups += 1;
    group.items += 1;
    if (!group.hasBranch && input.branches.length > 0) {
      group.hasBranch = true;
      this.withBranch += 1;
    }
    if (!group.hasWait && input.branches.some((branch) => isWaitedFor(branch, planned, this.declared))) {
      group.hasWait = true;
      this.withWait += 1;
    }
    this.open = isAlone ? undefined : group;
  }
}
