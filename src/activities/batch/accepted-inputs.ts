import type { GroupStepInput } from '../../contracts/batch/groups';
import type { AcceptedInput } from '../../contracts/lifecycle-input';

/** About as many groups as one worker has under way. */
const MOST_GROUPS = 16;

/** The inputs of items as they were accepted, so that the next step of their group does not check them again. */
export class AcceptedInputs {
  private readonly groups = new Map<string, Map<number, AcceptedInput>>();

  /** Of one group, by the item's number. The list of a start never changes. */
  ofGroup({ batchId, storeId, start, from, end }: GroupStepInput): Map<number, AcceptedInput> {
    const name = JSON.stringify([batchId, storeId, start, from, end]);
    const known = this.groups.get(name) ?? new Map<number, AcceptedInput>();
    this.groups.delete(name);
    this.groups.set(name, known); // behind the others: the first is the one that was not used for longest
    const [oldest = name] = this.groups.keys();
    if (this.groups.size > MOST_GROUPS) this.groups.delete(oldest);
    return known;
  }
}
