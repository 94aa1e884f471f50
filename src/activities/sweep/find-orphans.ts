import { log } from '@temporalio/activity';
import type { FindOrphansInput, FoundOrphans, LedgerActivities } from '../../contracts/activities';
import { MOST_LISTED } from '../../contracts/ledger/most-listed';
import { branchesInAttribute } from '../../contracts/ids';
import {
  claimOf,
  isAdoptedByAnother,
  isAsset,
  isOfBranch,
  readTag,
  resultName,
  type ReadTag,
  type Resource,
} from '../../contracts/resource';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { BEATS, withHeartbeatEvery } from '../lib/activity-call';
import { providerOf, type ActivityDependencies } from '../dependencies';
import { madeFrom } from './find-made';
import { removeExpiredBatches } from './expired-batches';
import { ItemRuns } from './item-runs';
import { cleanedUpBy, objectsLeftOf } from './objects-left';
import type { DescribedRun, LifecycleRun } from '../../contracts/runs';
import { carefulPolicy, classifyAsset, namesAsset, SURPLUS, type Verdict } from './orphan-verdict';
import { completedWithAsset } from '../ownership/completed-before';
import { setMark } from '../ownership/release-asset';
import { orphansInSessions } from './open-sessions';
import { forgetDepartures, isMarkedElsewhere, reasonToReportOnly, removeMarksOfGone } from './marks-of-place';
import { newestPages } from '../../providers/shared/newest-pages';
import { findByTag } from '../lib/find-by-tag';
import { lifecyclesWanting } from '../ownership/users-of-asset';

/**
 * See {@link LedgerActivities.findOrphans}. Walks the whole list, newest first, and changes nothing but release marks
 * that are missing, and what old batches kept in the store.
 */
export const createFindOrphans =
  (deps: ActivityDependencies): LedgerActivities['findOrphans'] =>
  (input) =>
    withHeartbeatEvery(BEATS.read, async (signal) => {
      const found = await new Walk(deps, providerOf(deps, input), input, signal).go();
      const isLast = found.next === undefined;
      const batches = isLast && input.setMarks ? await removeExpiredBatches(deps, signal) : 0;
      return { ...found, ...(batches > 0 && { batches }) };
    });

/** An asset of this namespace. */
interface Owned {
  asset: ProviderAsset;
  tag: ReadTag;
}

interface Judged {
  verdict: Verdict;
  run?: DescribedRun;
}

class Walk {
  private readonly found: FoundOrphans = {
    orphans: [],
    seen: { others: 0, open: 0, young: 0, wanted: 0, vanished: 0, elsewhere: 0 },
    vanished: [],
    marked: 0,
    unmarked: 0,
  };
  private readonly listed = new Set<string>();
  private readonly done = new Set<string>(); // an insert during the walk shows an item twice
  private readonly items: ItemRuns;
  private readonly oldEnough: number;
  private lastMadeAt: string | undefined;

  constructor(
    private readonly deps: ActivityDependencies,
    private readonly provider: MediaProvider,
    private readonly input: FindOrphansInput,
    private readonly signal: AbortSignal,
  ) {
    this.items = new ItemRuns(deps);
    this.oldEnough = Date.now() - input.graceMs;
  }

  async go(): Promise<FoundOrphans> {
    const { provider, place, madeBefore, limit } = this.input;
    this.found.reportsOnly = await reasonToReportOnly(this.deps, this.provider);
    const list = { spacingMs: this.deps.listSpacingMs, signal: this.signal };
    for await (const { items } of newestPages(this.provider, list)) {
      for (const { id } of items) this.listed.add(id);
      const fresh = items.filter((asset) => !this.done.has(asset.id) && isBefore(madeAt(asset), madeBefore));
      const runs = await this.overviewOf(fresh);
      for (const asset of fresh) {
        const last = this.found.orphans.length >= limit ? this.lastMadeAt : undefined;
        if (last !== undefined && madeAt(asset) !== last) return { ...this.found, next: last };
        await this.look(asset, runs);
      }
    }
    const { oldEnough: before, signal: stop } = this;
    this.found.orphans.push(...(await orphansInSessions(this.deps, this.provider, { before, signal: stop })));
    if (this.mayAct) {
      const { listed, signal } = this;
      await removeMarksOfGone(this.deps, this.provider, { where: { provider, place }, listed, signal });
      await forgetDepartures(this.deps, this.provider);
    }
    return this.found;
  }

  /** Saves asking run by run where it can be had; nothing depends on it. */
  private async overviewOf(assets: readonly ProviderAsset[]): Promise<LifecycleRun[]> {
    try {
      return await this.deps.runs.overview(assets.filter((asset) => this.tagOf(asset)).map(({ id }) => id));
    } catch (error) {
      log.warn('no overview of the lifecycles: they are asked one by one', { error: (error as Error).message });
      return [];
    }
  }

  private async look(asset: ProviderAsset, runs: readonly LifecycleRun[]): Promise<void> {
    this.done.add(asset.id);
    const tag = this.tagOf(asset);
    if (!tag) {
      this.found.seen.others += 1;
      return;
    }
    if (await isMarkedElsewhere(this.deps, tag)) {
      this.found.seen.elsewhere += 1;
      return;
    }
    const { verdict, run } = await this.decide({ asset, tag }, runs);
    if (verdict.is === 'orphan') return this.addOrphan({ asset, tag }, verdict, run);
    if (verdict.is === 'vanished') this.addVanished(asset, tag);
    if (verdict.is === 'wanted' && verdict.mark) await this.mark(asset, verdict.mark);
    const isListed = verdict.is === 'wanted' && (await this.addObjects({ asset, tag }, run));
    if (!isListed) this.found.seen[verdict.is] += 1;
  }

  /** Visibility lags, so the overview only skips assets. Before anything is done, the run itself is described. */
  private async decide({ asset, tag }: Owned, runs: readonly LifecycleRun[]): Promise<Judged> {
    const { oldEnough } = this;
    if (!isBefore(madeAt(asset), new Date(oldEnough).toISOString())) return { verdict: { is: 'young' } };
    const evidence = { assetId: asset.id, tag, closedBefore: oldEnough };
    const its = runs.filter(({ assetId, workflowId }) => assetId === asset.id && workflowId === tag.workflowId);
    const [latest] = its; // newest first
    const seen = its.length === 1 || latest?.ended === 'completed' ? latest : undefined; // else it is to be described
    const first = seen && classifyAsset({ ...evidence, run: seen });
    if (first?.is === 'wanted' && !first.mark) return { verdict: first };
    if (first?.is === 'open' && this.input.graceMs > OVERVIEW_LAG_MS) return { verdict: first };
    const run = await this.items.asItem(tag, await this.claimant(asset.id, tag));
    const verdict = classifyAsset({ ...evidence, run }) ?? { is: 'vanished' };
    return { verdict: await this.spare({ asset, tag }, verdict, run), run };
  }

  /**
   * The run that the asset belongs to: the one its tag names. The latest run of the workflow id comes first while it is
   * open or has just closed, and where it says itself that it took the asset up.
   */
  private async claimant(assetId: string, { workflowId, runId }: ReadTag): Promise<DescribedRun | undefined> {
    const latest = await this.deps.runs.find(workflowId);
    if (latest?.runId === runId) return latest;
    const recent = latest?.closedAt === undefined || Date.parse(latest.closedAt) > this.oldEnough;
    if (latest && (latest.open || recent || namesAsset(latest, assetId))) return latest;
    return this.deps.runs.find(workflowId, runId);
  }

  /** What is not to go after all: what has vanished, unless told so, and what another lifecycle has adopted. */
  private async spare(owned: Owned, verdict: Verdict, run: DescribedRun | undefined): Promise<Verdict> {
    const { asset, tag } = owned;
    const include = verdict.is === 'vanished' && this.input.includeVanished === true;
    const first: Verdict = include ? { is: 'orphan', cause: 'vanished', policy: carefulPolicy(tag) } : verdict;
    if (first.is !== 'orphan') return first;
    const wanting = await lifecyclesWanting(this.deps, asset.id, tag.workflowId);
    if (wanting.length > 0) return { is: wanting.some(({ open }) => open) ? 'open' : 'wanted' };
    return run?.assetId === undefined ? this.orSurplus(owned, first) : first; // else it is the one that the run names
  }

  /** Of several that a terminated run would keep, and names none of, the oldest is kept. */
  private async orSurplus({ asset, tag }: Owned, verdict: Extract<Verdict, { is: 'orphan' }>): Promise<Verdict> {
    if (verdict.cause !== 'stopped' || verdict.policy !== 'keep') return verdict;
    const { filename } = asset;
    const all = await findByTag(this.provider, { tag, filename }, this.signal);
    const [oldest] = all.filter(({ metadata }) => readTag(metadata)?.runId === tag.runId);
    return oldest === undefined || oldest.id === asset.id ? verdict : SURPLUS;
  }

  private async addOrphan(
    { asset, tag }: Owned,
    { cause, policy }: Extract<Verdict, { is: 'orphan' }>,
    run: DescribedRun | undefined,
  ): Promise<void> {
    const { id } = asset;
    const { key, workflowId } = tag;
    const claim = claimOf(tag);
    const thisRun = run?.runId ?? tag.runId;
    // a run whose taking up was refused has no say over the asset, whose mark still tells of the run that completed with it
    const hasAsset = tag.runId === thisRun || tag.released !== 'completed' || policy === 'force-delete';
    const isOfRun = (one: Resource): boolean => (isOfBranch(one) ? one.madeBy === thisRun : hasAsset);
    const all = await madeFrom(this.provider, { id, tag, claim }, this.signal);
    const hadCompleted = await completedWithAsset(this.deps, id, { tag, thisRun });
    const made = hadCompleted ? all.filter(isOfRun) : all;
    if (cause === 'stopped' && run) made.push(...(await this.resultsOf(run, tag)));
    made.push(...(await this.items.resultsOf(tag)));
    if (hadCompleted && tag.released === 'completed' && policy !== 'force-delete' && made.every(isAsset)) {
      this.found.seen.wanted += 1; // nothing is left that the later run has made
      return;
    }
    this.found.orphans.push({ assetId: id, key, workflowId, cause, policy, made });
    this.lastMadeAt = madeAt(asset);
  }

  /** @returns true if objects of its run are to go of an asset that stays */
  private async addObjects({ asset, tag }: Owned, run: DescribedRun | undefined): Promise<boolean> {
    if (!run || !this.mayHaveObjects || isAdoptedByAnother(tag)) return false;
    if (run.closedAt === undefined || Date.parse(run.closedAt) < this.oldEnough - LATEST_MS) return false;
    const { id: assetId } = asset;
    const cleanedUp = (await this.items.cleanedUp(tag, assetId)) ?? (run.status && cleanedUpBy(run.status));
    const made = await objectsLeftOf(this.provider, { assetId, tag, run, cleanedUp }, this.signal);
    if (made.length === 0) return false;
    const { key, workflowId } = tag;
    if ((await lifecyclesWanting(this.deps, assetId, workflowId)).length > 0) return false; // they may have adopted these
    const cause = run.ended === 'stopped' ? 'stopped' : 'unfinished';
    const claimed = made.map((one) => ({ ...one, claim: claimOf(tag) }));
    this.found.orphans.push({ assetId, key, workflowId, cause, policy: 'delete', made: claimed });
    this.lastMadeAt = madeAt(asset);
    return true;
  }

  /** What a stopped run may have stored: one result for each of its branches that gives records. */
  private async resultsOf({ runId, branch }: DescribedRun, tag: ReadTag): Promise<Resource[]> {
    if (!branchesInAttribute(branch).some((type) => this.provider.branches[type]?.records !== undefined)) return [];
    const first = resultName({ ...tag, runId });
    const names = await this.deps.results.namesOf({ owner: tag.owner, workflowId: tag.workflowId });
    return [first, ...names.filter((name) => name.startsWith(`${first}-`))].map((id) => ({ kind: 'result', id }));
  }

  private addVanished({ id: assetId }: ProviderAsset, { key, workflowId }: ReadTag): void {
    if (this.found.vanished.length < MOST_LISTED) this.found.vanished.push({ assetId, key, workflowId });
  }

  /** A mark that the run could not set. */
  private async mark({ id }: ProviderAsset, { as, runId }: { as: 'completed' | 'kept'; runId: string }): Promise<void> {
    const set = this.mayAct && (await setMark(this.provider, id, { as, runId }, this.signal)) === undefined;
    this.found[set ? 'marked' : 'unmarked'] += 1;
  }

  private get mayHaveObjects(): boolean {
    return Object.values(this.provider.branches).some((kind) => kind.madeFrom !== undefined);
  }

  private get mayAct(): boolean {
    return this.input.setMarks === true && this.found.reportsOnly === undefined;
  }

  private tagOf({ metadata }: ProviderAsset): ReadTag | undefined {
    const tag = readTag(metadata);
    return tag?.owner === this.deps.owner ? tag : undefined;
  }
}

/** So long after the end of a run its assets are looked at for what it made too late; each look costs requests. */
const LATEST_MS = 48 * 3_600_000;

/** A run that the overview calls open may have closed this long ago; with more grace than that it would be young. */
const OVERVIEW_LAG_MS = 60_000;

/** When it came as it is now: an asset that was overwritten is listed by its new content. */
const madeAt = ({ contentsAt, createdAt }: ProviderAsset): string | undefined => contentsAt ?? createdAt;

/** An asset whose age is not told is never old enough. */
const isBefore = (createdAt: string | undefined, limit: string | undefined): boolean =>
  limit === undefined || (createdAt !== undefined && Date.parse(createdAt) < Date.parse(limit));
