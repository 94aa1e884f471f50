import type { FindMadeInput, FoundMade, LedgerActivities } from '../../contracts/activities';
import { lifecycleWorkflowId, readGroupWorkflowId, type ProviderName } from '../../contracts/ids';
import { branchesOf, type LifecycleStatus, type ReceiptEntry } from '../../contracts/lifecycle-status';
import {
  carriesTag,
  isAsset,
  readTag,
  resultName,
  type BranchResource,
  type ReadTag,
  type Resource,
} from '../../contracts/resource';
import type { OpenSession } from '../../providers/intake';
import type { MediaProvider } from '../../providers/media-provider';
import { BEATS, withHeartbeatEvery } from '../lib/activity-call';
import { providerOf, type ActivityDependencies } from '../dependencies';
import { itemOfResult } from '../../contracts/batch/item-results';
import { freePlace } from '../ownership/key-place';
import type { LifecycleRun } from '../../contracts/runs';
import { newestPages } from '../../providers/shared/newest-pages';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';

/** See {@link LedgerActivities.findMade}. Reads the whole list of assets where the lifecycle's filename is not known. */
export const createFindMade =
  (deps: ActivityDependencies): LedgerActivities['findMade'] =>
  (input) =>
    withHeartbeatEvery(BEATS.read, (signal) => findMade(deps, input, signal));

async function findMade(
  deps: ActivityDependencies,
  { key, workflowId, ...where }: FindMadeInput,
  signal: AbortSignal,
): Promise<FoundMade> {
  const provider = providerOf(deps, where);
  const run = await deps.runs.find(workflowId);
  if (run?.open) return openRun(workflowId);
  await freePlace(deps, { ...where, key });
  const { asset } = run?.status ?? {};
  const ledger = { key, owner: deps.owner };
  const made: Resource[] = [];
  const adoptedId = asset?.adopted ? asset.id : await adoptedByItem(deps, where.provider, key);
  if (adoptedId !== undefined) made.push({ kind: 'asset', id: adoptedId, adopted: true });
  const list = { filename: asset?.filename, spacingMs: deps.listSpacingMs, signal };
  for await (const { items } of newestPages(provider, list)) {
    for (const { id, metadata } of items) {
      if (made.some((one) => one.id === id) || !carriesTag(metadata, ledger)) continue;
      const tag = readTag(metadata);
      if (!tag) continue;
      if (tag.workflowId !== workflowId && (await deps.runs.find(tag.workflowId))?.open) return openRun(tag.workflowId);
      made.push(...(await madeFrom(provider, { id, tag }, signal)));
    }
  }
  for (const { tag, pending } of await handedInFor(provider, ledger, signal)) {
    if (tag.workflowId !== workflowId && (await deps.runs.find(tag.workflowId))?.open) return openRun(tag.workflowId);
    made.push({ kind: 'asset', adopted: false, tag, filename: pending.item, pending });
  }
  made.push(...leftBehind(run?.status).filter((left) => !made.some(({ id }) => id === left.id)));
  made.push(...(await resultsOf(deps, workflowId, run?.status)));
  for (const id of await resultsOfItems(deps, where.provider, key)) made.push({ kind: 'result', id });
  return { open: false, known: run !== undefined, made, settlesInMs: settlesIn(run, deps.settleWindowMs) };
}

/** The existing asset that the key's item has adopted, if an item had the key last: no tag of the key leads to it. */
async function adoptedByItem(
  { owner, batches }: ActivityDependencies,
  provider: ProviderName,
  key: string,
): Promise<string | undefined> {
  const { batchId, item } = (await batches.claims.holderOf({ owner, provider, key }))?.by ?? {};
  if (batchId === undefined || item === undefined) return undefined;
  const { asset, work } = (await createItemOutcomes(batches.files, { owner, batchId }).ofItem(item)) ?? {};
  const its = work?.made.find(isAsset) ?? asset;
  return its?.adopted ? its.id : undefined;
}

/** What runs of the key have in sessions that are still open. */
async function handedInFor(
  { intake }: MediaProvider,
  { key, owner }: { key: string; owner: string },
  signal: AbortSignal,
): Promise<OpenSession['items']> {
  const sessions = (await intake.openOf?.(owner, { signal })) ?? [];
  return sessions.flatMap(({ items }) => items.filter(({ tag }) => tag.key === key));
}

const openRun = (workflowId: string): FoundMade => ({
  open: true,
  openWorkflowId: workflowId,
  known: true,
  made: [],
  settlesInMs: 0,
});

/** An asset with what the lifecycle's branches made of it, in order of creation. */
export async function madeFrom(
  { branches }: MediaProvider,
  { id, tag, claim }: { id: string; tag: ReadTag; claim?: string },
  signal: AbortSignal,
): Promise<Resource[]> {
  const made: Resource[] = [{ kind: 'asset', id, adopted: false, claim }];
  for (const kind of Object.values(branches)) {
    made.push(...((await kind.madeFrom?.({ assetId: id, tag }, { signal })) ?? []));
  }
  return made;
}

/** What all runs of the id have stored. */
async function resultsOf(
  { results, owner }: ActivityDependencies,
  workflowId: string,
  last: LifecycleStatus | undefined,
): Promise<Resource[]> {
  const names = await results.namesOf({ owner, workflowId });
  const made: Resource[] = names.map((id) => ({ kind: 'result', id }));
  for (const { result } of branchesOf(last)) {
    const { uri = '', host } = result ?? {};
    const ofRun = /([^/]+)\.ndjson$/.exec(uri)?.[1];
    if (host === undefined || ofRun === undefined || names.some((name) => name.endsWith(`/${ofRun}`))) continue;
    const id = resultName({ owner, workflowId, runId: ofRun });
    made.push({ kind: 'result', id, stored: { uri, host } }); // removed before, or in the folder of another host
  }
  return made;
}

/** Names of what items of batches have stored that worked on the key: their groups name it. */
async function resultsOfItems(
  { results, owner, batches }: ActivityDependencies,
  provider: ProviderName,
  key: string,
): Promise<string[]> {
  const made = new Set<string>();
  for (const { by } of await batches.claims.history({ owner, provider, key })) {
    if (by.item === undefined) continue;
    const names = await results.namesOf({ owner, workflowId: by.workflowId });
    for (const name of names) if (itemOfResult(name) === by.item) made.add(name);
  }
  return [...made];
}

/** Names of what all runs of the key have stored: lifecycles, and items of batches, whose groups have stored for others too. */
export async function resultsOfKey(
  deps: ActivityDependencies,
  { provider, key, workflowId }: { provider: ProviderName; key: string; workflowId: string },
): Promise<string[]> {
  const { results, owner } = deps;
  const lifecycles = new Set([workflowId, lifecycleWorkflowId(provider, key)]);
  const names: string[] = [];
  for (const id of lifecycles) {
    if (!readGroupWorkflowId(id)) names.push(...(await results.namesOf({ owner, workflowId: id })));
  }
  return [...names, ...(await resultsOfItems(deps, provider, key))];
}

/** What the last run's cleanup could not finish, as far as its receipt tells where it is. */
function leftBehind(status: LifecycleStatus | undefined): Resource[] {
  const branches = branchesOf(status);
  const typeOf = ({ id }: ReceiptEntry): string | undefined =>
    (branches.find((one) => one.id === id) ?? branches[0])?.type;
  return (status?.receipt?.entries ?? []).flatMap((entry) => resourceOf(entry, typeOf(entry), status?.asset?.id) ?? []);
}

function resourceOf(entry: ReceiptEntry, branch: string | undefined, assetId = ''): BranchResource | undefined {
  const { resource: kind, id, in: parent, result } = entry;
  if (result === 'deleted' || id === undefined || parent === undefined || branch === undefined) return undefined;
  return { kind, branch, id, in: parent, assetId };
}

/** How long a write that was under way when the run closed may still take effect. */
function settlesIn(run: LifecycleRun | undefined, settleWindowMs: number): number {
  if (!run?.closedAt) return 0;
  return Math.max(0, Date.parse(run.closedAt) + settleWindowMs - Date.now());
}
