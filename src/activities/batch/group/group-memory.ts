import type { GroupStepInput } from '../../../contracts/batch/groups';
import type { AcceptedInput } from '../../../contracts/lifecycle-input';
import { nothingRead, type OutcomesRead } from '../../../storage/batches/item-outcomes';

/** What a worker knows of a group from the steps that it took before. */
export interface GroupMemory {
  /** Inputs as they were accepted, by the item's number. The list of a start never changes. */
  accepted: Map<number, AcceptedInput>;
  outcomes: OutcomesRead;
}

/** About as many groups as one worker has under way. */
const MOST_GROUPS = 16;

/** The next step of a group on the same worker need not check its inputs again, nor read what this one wrote. */
export class GroupMemories {
  private readonly groups = new Map<string, GroupMemory>();

  of({ batchId, storeId, start, from, end }: GroupStepInput): GroupMemory {
    const name = JSON.stringify([batchId, storeId, start, from, end]);
    const known = this.groups.get(name) ?? { accepted: new Map(), outcomes: nothingRead() };
    this.groups.delete(name);
    this.groups.set(name, known); // behind the others: the first is the one that was not used for longest
    const [oldest = name] = this.groups.keys();
    if (this.groups.size > MOST_GROUPS) this.groups.delete(oldest);
    return known;
  }
}
