import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ItemOutcome, ItemWork } from '../../contracts/batch/item-outcome';
import type { Handle } from '../../contracts/branches/handle';
import type { AssetSnapshot } from '../../contracts/lifecycle-status';
import type { AssetResource } from '../../contracts/resource';
import { BEATS, stepAttempt } from '../lib/activity-call';
import { createSubmitSource } from '../submit-source';
import {
  areGathered,
  itemsAtOnce,
  nextStepOf,
  onItsWay,
  tagOf,
  withAsset,
  type ItemStep,
  type ItemTurn,
} from './item-step';
import { readyItem } from './settle-item';

/** Each beginning is a write to the store and a round of claims. */
const BEGIN_TOGETHER = 4;

/** Hands items to the provider; where it takes many in one request, all of the group go out together. */
export const submitItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'submit',
  begin: (turn) => begun(turn),
  prepare: (turns, keyFacts) => keyFacts.claimNew(turns.map(({ item }) => item)),
  mayHaveBegun: (record) => record?.phase === 'creating',

  async take(turn) {
    const { deps, group, item, input } = turn;
    const record = onItsWay(turn);
    const { work } = record;
    const { provider, place, source, metadata, fields, upload, branches, preflight } = input;
    const submitted = await createSubmitSource(
      deps,
      turn.keyFacts,
    )({
      ...{ provider, place, source, metadata, fields, upload, branches, preflight },
      filename: input.filename ?? (item.filename || undefined),
      tag: tagOf(turn),
      item: { batchId: group.batchId, item: item.item },
      since: work.since,
    });
    const { abandoned = [], source: facts, ...handedIn } = submitted;
    const sentOnce = stepAttempt().attempt === 1 || (turn.keyFacts.wasFound() && turnsOf(work) <= 2);
    const ended = [...(work.ended ?? []), ...abandoned];
    const found =
      'pending' in handedIn
        ? { pending: handedIn.pending }
        : { id: handedIn.id, pending: undefined, ...ownershipOf(handedIn) };
    const made = withAsset(work.made, { ...found, session: undefined, unsent: undefined });
    const sent = {
      ...record,
      phase: 'processing' as const,
      source: facts,
      sizeBytes: facts?.sizeBytes ?? item.sizeBytes,
      ...('pending' in handedIn && { ingestion: { id: handedIn.pending.id, in: handedIn.pending.in } }),
      asset: 'pending' in handedIn ? undefined : handedIn,
      work: {
        ...work,
        made,
        ended,
        sentOnce,
        left: undefined,
        waitsSince: work.waitsSince ?? new Date().toISOString(),
      },
    };
    const isReady = !('pending' in handedIn) && handedIn.status === 'ready';
    return isReady ? readyItem(turn, sent, handedIn) : sent;
  },

  afterBreak(turn, error) {
    const record = onItsWay(turn);
    const { nothingMade, upload, pending, unsent } = toldBy(error);
    if (nothingMade && !pending) return { ...record, phase: 'pending' };
    const session = upload && { id: upload.sessionId, expiresAt: upload.expiresAt };
    const changes: Partial<AssetResource> = {
      ...(upload && { id: upload.assetId, session }),
      ...(pending && { pending, unsent }),
    };
    return { ...record, work: { ...record.work, made: withAsset(record.work.made, changes) } };
  },

  beginsAtLeast: (deps, group) => (areGathered(deps, group) ? itemsAtOnce(deps, group) : BEGIN_TOGETHER),
  atOnce: itemsAtOnce,
  inTurn: (deps, group) => !areGathered(deps, group),
  beatMs: BEATS.write,
};

const ownershipOf = ({ adopted, completedBefore }: AssetSnapshot): Partial<AssetResource> => ({
  ...(adopted && { adopted }),
  ...(completedBefore && { completedBefore }),
});

/** Recorded first: an attempt that is killed may have made the asset. */
function begun(turn: ItemTurn): ItemOutcome {
  const { group, item, input, record } = turn;
  const { source } = input;
  if (record?.work) {
    const turns = turnsOf(record.work) + 1;
    const work = record.phase === 'pending' ? ofThisRun(turn, { ...record, work: record.work }) : record.work;
    return { ...record, phase: 'creating', work: { ...work, turns } };
  }
  const since = new Date().toISOString();
  const { runId } = group;
  const common = { item: item.item, key: item.key, of: group.start, sizeBytes: item.sizeBytes };
  const isAdopted = source.type === 'asset';
  const started: ItemOutcome = { ...common, phase: 'creating', work: { runId, since, turns: 1, made: [] } };
  const made: AssetResource = {
    kind: 'asset',
    id: isAdopted ? source.assetId : undefined,
    adopted: isAdopted,
    tag: tagOf({ ...turn, record: started }),
    filename: item.filename || undefined,
    since,
  };
  return { ...started, work: { runId, since, turns: 1, made: [made] } };
}

/** Nothing was made of it yet: what is made now is of the run that makes it, and so is its claim. */
function ofThisRun(turn: ItemTurn, record: ItemOutcome & { work: ItemWork }): ItemWork {
  const { runId } = turn.group;
  if (record.work.runId === runId) return record.work;
  const since = new Date().toISOString();
  const work = { ...record.work, runId, since };
  return { ...work, made: withAsset(work.made, { since, tag: tagOf({ ...turn, record: { ...record, work } }) }) };
}

/** At least the one that has left the record. */
const turnsOf = ({ turns = 1 }: ItemWork): number => turns;

interface Told {
  nothingMade?: true;
  upload?: { sessionId: string; assetId?: string; expiresAt?: string };
  pending?: Handle;
  unsent?: boolean;
}

function toldBy(error: unknown): Told {
  if (!(error instanceof ApplicationFailure || error instanceof CancelledFailure)) return {};
  const told: unknown = error.details?.[0];
  return typeof told === 'object' && told !== null ? told : {};
}
