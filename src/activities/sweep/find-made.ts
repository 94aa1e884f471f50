import type { FindMadeInput, FoundMade, LedgerActivities } from '../../contracts/activities';
import type { LifecycleStatus, ReceiptEntry } from '../../contracts/lifecycle-status';
import {
  carriesTag,
  isOfOneRun,
  resultName,
  readTag,
  type LedgerTag,
  type ReadTag,
  type Resource,
} from '../../contracts/resource';
import type { MediaProvider } from '../../providers/media-provider';
import { BEATS, withHeartbeatEvery } from '../lib/activity-call';
import { accountOf, ledgerTag, type ActivityDependencies } from '../dependencies';
import { indexEntries } from '../ownership/index-entries';
import type { LifecycleRun } from './lifecycle-runs';
import { assetPages } from '../../providers/shared/find-tagged';
import { unlessGone } from '../lib/unless-gone';

/** See {@link LedgerActivities.findMade}. Reads the whole list of assets where the lifecycle's filename is not known. */
export const createFindMade =
  (deps: ActivityDependencies): LedgerActivities['findMade'] =>
  (input) =>
    withHeartbeatEvery(BEATS.read, (signal) => findMade(deps, input, signal));

async function findMade(
  deps: ActivityDependencies,
  { provider: name, key, workflowId }: FindMadeInput,
  signal: AbortSignal,
): Promise<FoundMade> {
  const { provider } = accountOf(deps, name);
  const run = await deps.runs.find(workflowId);
  if (run?.open) return openRun(workflowId);
  const { asset } = run?.status ?? {};
  const ledger = ledgerTag(deps, { key, workflowId, onCancel: 'force-delete' });
  const made: Resource[] = [];
  if (asset?.adopted) made.push({ kind: 'asset', id: asset.id, adopted: true });
  const list = { filename: asset?.filename, spacingMs: deps.listSpacingMs };
  for await (const items of assetPages(provider, list, signal)) {
    for (const { id, metadata } of items) {
      if (made.some((one) => one.id === id) || !carriesTag(metadata, ledger)) continue;
      const tag = readTag(metadata) ?? ledger;
      if (tag.workflowId !== workflowId && (await deps.runs.find(tag.workflowId))?.open) return openRun(tag.workflowId);
      made.push(...(await madeFrom(provider, { id, tag }, signal)));
    }
  }
  made.push(...leftBehind(run?.status).filter((left) => !made.some(({ id }) => id === left.id)));
  made.push(...(await resultsOf(deps, workflowId, run?.status)));
  return { open: false, known: run !== undefined, made, settlesInMs: settlesIn(run, deps.settleWindowMs) };
}

const openRun = (workflowId: string): FoundMade => ({
  open: true,
  openWorkflowId: workflowId,
  known: true,
  made: [],
  settlesInMs: 0,
});

/** An asset with the lifecycle's entities, place in an entity and index entries, in order of creation. */
export async function madeFrom(
  provider: MediaProvider,
  { id, tag, claim }: { id: string; tag: LedgerTag & Pick<ReadTag, 'joined'>; claim?: string },
  signal: AbortSignal,
): Promise<Resource[]> {
  const made: Resource[] = [{ kind: 'asset', id, adopted: false, claim }];
  for (const entity of (await unlessGone(provider.listEntitiesOf(id, { signal }))) ?? []) {
    const { collectionId, entityId, name, metadata } = entity;
    if (collectionId === undefined) continue;
    if (carriesTag(metadata, tag)) made.push({ kind: 'entity', id: entityId, collectionId, name, assetId: id });
    else if (tag.joined?.entityId === entityId) {
      made.push({ kind: 'entity-membership', id: entityId, collectionId, assetId: id });
    }
  }
  const { own } = await indexEntries(provider, { assetId: id, tag }, signal);
  for (const { indexId, indexedAssetId } of own) {
    made.push({ kind: 'indexed-asset', id: indexedAssetId, indexId, assetId: id });
  }
  return made;
}

/** What all runs of the id have stored; one of an earlier release has used the workflow id as the name. */
async function resultsOf(
  { results, owner }: ActivityDependencies,
  workflowId: string,
  last: LifecycleStatus | undefined,
): Promise<Resource[]> {
  const names = await results.namesOf({ owner, workflowId });
  const { uri, host } = last?.branch?.result ?? {};
  if (uri !== undefined && !isOfOneRun(uri)) names.push(workflowId);
  const made: Resource[] = names.map((id) => ({ kind: 'result', id }));
  const runId = uri === undefined ? undefined : /([^/]+)\.ndjson$/.exec(uri)?.[1];
  if (uri !== undefined && host !== undefined && !names.some((name) => name.endsWith(`/${runId}`))) {
    const id = resultName({ owner, workflowId, runId });
    made.push({ kind: 'result', id, stored: { uri, host } }); // removed before, or in the folder of another host
  }
  return made;
}

/** What the last run's cleanup could not finish, as far as its receipt tells where it is. */
function leftBehind(status: LifecycleStatus | undefined): Resource[] {
  return (status?.receipt?.entries ?? []).flatMap((entry) => resourceOf(entry, status?.asset?.id) ?? []);
}

function resourceOf({ resource: kind, id, in: parent, result }: ReceiptEntry, assetId?: string): Resource | undefined {
  if (result === 'deleted' || id === undefined || parent === undefined) return undefined;
  if (kind === 'entity') return { kind, id, collectionId: parent, name: '' };
  if (kind === 'indexed-asset' && assetId) return { kind, id, indexId: parent, assetId };
  return undefined;
}

/** How long a write that was under way when the run closed may still take effect. */
function settlesIn(run: LifecycleRun | undefined, settleWindowMs: number): number {
  if (!run?.closedAt) return 0;
  return Math.max(0, Date.parse(run.closedAt) + settleWindowMs - Date.now());
}
