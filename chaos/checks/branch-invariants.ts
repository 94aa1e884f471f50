import type { EmulatorState } from '../../emulator/twelvelabs/control-client';
import { branchesOf, type BranchStatus, type KeyBranch } from '../../src/contracts/lifecycle-status';
import { isOf } from '../scene-inputs';
import type { BranchKind } from '../schedules/branches';
import type { Evidence, Invariant } from './evidence';
import { ownEntities, ownEntries } from './objects';
import { leavesSurplus } from './run-invariants';

/** What is promised of the branches that a status lists. */
export const BRANCH_INVARIANTS: Record<string, Invariant> = {
  'a branch that is listed as ready is there': listedIsThere,
  'completed means that every branch is listed and ready': allListed,
  'a branch is taken once': takenOnce,
  'a branch of a list fails alone': failsAlone,
};

type Listed = BranchStatus & Partial<Pick<KeyBranch, 'input' | 'runId'>>;
const listed = ({ status }: Evidence): Listed[] => branchesOf(status);

function listedIsThere(evidence: Evidence): string[] {
  const { status, closedAs, resultsAfter, before, sweep, beforeSweep } = evidence;
  if (closedAs === 'TERMINATED' || !status) return [];
  const state = status.outcome === 'completed' ? sweep.after : beforeSweep;
  // of one branch alone the receipt tells what became of it
  const list = status.outcome === 'completed' ? listed(evidence) : (status.branches ?? []);
  return list
    .filter((one) => one.status === 'ready')
    .flatMap((one) => {
      const { type, id = '', result } = one;
      if (type === 'embed') {
        const there = result && resultsAfter[result.uri] === result.sha256;
        return there || status.outcome !== 'completed' ? [] : [`the result of ${type} is not as told`];
      }
      if (id === before.entityId) {
        const entity = state.entities.find(({ _id }) => _id === id);
        return entity?.asset_ids.includes(status.asset?.id ?? '') ? [] : ['the asset is not in the entity'];
      }
      return hasObject(state, id) ? [] : [`${type} ${id} is listed, but is not there`];
    });
}

const hasObject = ({ entities, indexedAssets }: EmulatorState, id: string): boolean =>
  [...entities, ...indexedAssets].some(({ _id }) => _id === id);

/** Also those that an earlier run completed with, where the client told the run of them. */
function allListed(evidence: Evidence): string[] {
  const { status, schedule, before, earlier } = evidence;
  if (status?.outcome !== 'completed') return [];
  const list = listed(evidence);
  const isTold = schedule.shape === 'branch-added' || schedule.shape === 'again';
  const kept = isTold && earlier?.run.status?.outcome === 'completed' ? earlier.run.schedule.branches : [];
  const wanted = new Set<BranchKind>([...schedule.branches, ...kept]);
  const problems = [...wanted]
    .filter((kind) => !list.some((one) => isOf(kind, one)))
    .map((kind) => `${kind} is missing`);
  const unready = list.filter((one) => one.status !== 'ready').map(({ type, status: is }) => `${type} is ${is}`);
  const entry = list.find((one) => isOf('index', one));
  const other = before.entryId !== undefined && entry && entry.id !== before.entryId;
  return [...problems, ...unready, ...(other ? [`index entry ${entry.id}, not the one there was`] : [])];
}

function takenOnce(evidence: Evidence): string[] {
  const { schedule, beforeSweep } = evidence;
  if (leavesSurplus(evidence)) return [];
  const names = schedule.branches.filter((kind) => kind === 'entity' || kind === 'entity-second').length;
  const entities = ownEntities(beforeSweep, evidence).map(({ _id }) => _id);
  const entries = ownEntries(beforeSweep, evidence).map(({ _id }) => _id);
  return [
    ...(entities.length > names ? [`entities ${entities.join(', ')} of ${names} branches`] : []),
    ...(entries.length > 1 ? [`index entries ${entries.join(', ')} of one index`] : []),
  ];
}

/** The others go on to their own end, and the error names the branch. */
function failsAlone(evidence: Evidence): string[] {
  const { status, stops } = evidence;
  const own = (status?.branches ?? []).filter(({ runId }) => runId === undefined);
  const failed = own.filter((one) => one.status === 'failed');
  if (status?.outcome !== 'failed' || failed.length === 0 || own.length < 2) return [];
  if (stops.some(({ accepted }) => accepted)) return [];
  const unended = own.filter((one) => one.status === 'pending' || one.status === 'running');
  const message = status.error?.message ?? '';
  const named = failed.every(({ type }) => message.includes(type)) && message.includes(`of ${own.length} branches`);
  return [
    ...unended.map(({ type, status: is }) => `${type} is ${is}, although it was not stopped`),
    ...(named ? [] : [`the error does not name the branch: ${message}`]),
    ...failed.filter(({ error }) => !error).map(({ type }) => `${type} has no error of its own`),
  ];
}
