import type { StoredRecords, StoreTarget } from '../../contracts/activities';
import type { BranchOnItsWay, ItemOutcome, ItemWork } from '../../contracts/batch/item-outcome';
import { branchDeadline } from '../../contracts/branches/branch-deadline';
import {
  branchStartInput,
  objectOfBranch,
  resultOfBranch,
  type BranchOverAsset,
} from '../../contracts/branches/branch-step';
import { FAILURES, failureType } from '../../contracts/failures';
import type { AssetSnapshot, BranchStatus } from '../../contracts/lifecycle-status';
import type { Resource } from '../../contracts/resource';
import { createHeldWaits } from '../held-waits';
import { BEATS } from '../lib/activity-call';
import { createStartBranch } from '../start-branch';
import { createStoreRecords } from '../store-records';
import { numberOfResult } from '../../contracts/batch/item-results';
import { readyBefore } from './existing/ready-before';
import { nextStepOf, onItsWay, tagOf, type ItemStep, type ItemTurn } from './item-step';
import { releaseInput } from './release-item';
import { leftMs, orLastLook } from './settle-item';

const STARTS_AT_ONCE = 16;

/** Starts the next branch of items that has not been started; records that come with the answer are stored at once. */
export const branchItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'branch',
  begin: (turn) => registered(turn),

  async take(turn) {
    const record = onItsWay(turn);
    const nth = (record.work.branches ?? []).findIndex(({ started }) => !started);
    const before = await readyBefore(turn, nth);
    if (before) return withBranch(record, nth, { status: before, way: { started: true } });
    return orOnlyThisBranch(turn, nth, async () => {
      const { over, object, store } = branchOf(turn, nth);
      const { place } = turn.input;
      const started = await createStartBranch(turn.deps)({ ...branchStartInput(over, { object, store }), place });
      const made = record.work.made.map((one) =>
        isSame(one, object) ? { ...one, id: started.id ?? one.id, adopted: started.adopted, unproven: undefined } : one,
      ) as Resource[];
      const status = started.stored || !started.handle ? 'ready' : 'running';
      const next = withBranch(record, nth, {
        status: { status, id: started.id, ...(started.stored && { result: started.stored.result }) },
        way: { started: true, handle: started.handle },
      });
      const work = { ...next.work, made, left: undefined, waitsSince: new Date().toISOString() };
      return started.stored ? stored({ ...next, work }, started.stored, store) : { ...next, work };
    });
  },

  atOnce: () => STARTS_AT_ONCE,
  beatMs: BEATS.write,
};

/** Waits for the next branch of items that is under way, and stores its records. */
export const collectItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'collect',

  async take(turn) {
    const { deps, input } = turn;
    const record = onItsWay(turn);
    const nth = (record.branches ?? []).findIndex(({ status }) => status === 'running');
    return orOnlyThisBranch(turn, nth, async () => {
      const { over, store } = branchOf(turn, nth);
      const handle = record.work.branches?.[nth]?.handle;
      const { provider, place } = input;
      const { type: branch } = over.branch;
      if (handle) {
        await orLastLook(leftMs(record.work.waitsSince, branchDeadline(input, branch)), (lastLook) =>
          createHeldWaits(deps).untilBranchReady({ provider, place, handle, lastLook }),
        );
      }
      const ready = withBranch(record, nth, { status: { status: 'ready' } });
      if (!handle || !store) return ready;
      const records = await createStoreRecords(deps)({ provider, place, branch, handle, ...store });
      return stored(withBranch(ready, nth, { status: { result: records.result } }), records, store);
    });
  },

  atOnce: (_deps, { from, end }) => end - from,
  beatMs: BEATS.read,
  waits: true,
};

function branchOf(turn: ItemTurn, nth: number) {
  const { input } = turn;
  const { branches, plans, provider, owner } = input;
  const branch = branches[nth];
  const plan = plans[nth];
  if (!branch || !plan) throw new Error(`${turn.item.key}: has no branch ${nth}`);
  const asset = turn.record?.asset as AssetSnapshot;
  const over: BranchOverAsset = { provider, branch, plan, asset, tag: tagOf(turn) };
  const nthStore = numberOfResult(turn.item.item, plans.slice(0, nth).filter(({ stores }) => stores).length);
  const object = objectOfBranch(over);
  const result = resultOfBranch(over, { owner, nthStore });
  const release = branches.length === 1 ? releaseInput(turn) : undefined;
  const store: StoreTarget | undefined = result && { resultName: result.id, release };
  return { over, object, result, store };
}

/** What the branches may make is recorded first; an object that was there before is ours only by a sign of a write. */
function registered(turn: ItemTurn): ItemOutcome {
  const record = onItsWay(turn);
  const mayMake = turn.input.branches.flatMap((_branch, nth): Resource[] => {
    const { object, result } = branchOf(turn, nth);
    const shown = object?.id === undefined ? object : { ...object, unproven: true };
    return [shown, result].filter((one) => one !== undefined);
  });
  const fresh = mayMake.filter((one) => !record.work.made.some((before) => isSame(before, one)));
  return { ...record, work: { ...record.work, made: [...record.work.made, ...fresh] } };
}

const isSame = (one: Resource, other: Resource | undefined): boolean =>
  other !== undefined && one.kind === other.kind && nameOf(one) === nameOf(other);

const nameOf = (resource: Resource): string =>
  'branch' in resource ? [resource.in, resource.name ?? resource.id].join('/') : (resource.id ?? '');

/** With several branches the failure of one is told in its own status, and the item fails once all have ended. */
async function orOnlyThisBranch(turn: ItemTurn, nth: number, step: () => Promise<ItemOutcome>): Promise<ItemOutcome> {
  const record = onItsWay(turn);
  try {
    return await step();
  } catch (error) {
    const type = failureType(error);
    if (type === undefined || FAILURES[type].retry || turn.input.branches.length === 1) throw error;
    const failed = { status: 'failed' as const, error: { type, message: (error as Error).message } };
    return withBranch(record, nth, { status: failed, way: { started: true } });
  }
}

function withBranch(
  record: ItemOutcome & { work: ItemWork },
  nth: number,
  { status, way = {} }: { status: Partial<BranchStatus>; way?: BranchOnItsWay },
): ItemOutcome & { work: ItemWork } {
  const branches = (record.branches ?? []).map((one, index) => (index === nth ? { ...one, ...status } : one));
  const ways = (record.work.branches ?? []).map((one, index) => (index === nth ? { ...one, ...way } : one));
  return { ...record, branches, work: { ...record.work, branches: ways } };
}

/** The step that stores the records also lets go of the asset, if it is the only branch. */
function stored(
  record: ItemOutcome & { work: ItemWork },
  { surplus, result: { uri, host } }: StoredRecords,
  store: StoreTarget | undefined,
): ItemOutcome {
  const { work } = record;
  const made = work.made.map((one) =>
    one.kind === 'result' && one.id === store?.resultName && host !== undefined
      ? { ...one, stored: { uri, host } }
      : one,
  ) as Resource[];
  const released = work.released ?? store?.release !== undefined;
  return { ...record, work: { ...work, made, released, ended: [...(work.ended ?? []), ...surplus] } };
}
