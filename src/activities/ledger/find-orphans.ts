import type { FindOrphansInput, FoundOrphans, LedgerActivities } from '../../contracts/activities';
import type { Orphan, SweepCounts } from '../../contracts/ledger/sweep';
import { readTag, resultName, type LedgerTag } from '../../contracts/resource';
import type { MediaProvider, ProviderAsset } from '../../providers/media-provider';
import { calling } from '../activity-call';
import { accountOf, type ActivityDependencies } from '../dependencies';
import { madeFrom } from './find-made';
import type { LifecycleRun } from './lifecycle-runs';
import { judge, SURPLUS, unfinished, type Verdict } from './orphan-verdict';
import { assetPages, findTagged } from './tagged-assets';

/** See {@link LedgerActivities.findOrphans}. Walks the whole list, newest first, and touches nothing. */
export const createFindOrphans =
  (deps: ActivityDependencies): LedgerActivities['findOrphans'] =>
  (input) =>
    calling((signal) => new Walk(deps, accountOf(deps, input.provider).provider, input, signal).go());

class Walk {
  private readonly orphans: Orphan[] = [];
  private readonly seen: SweepCounts = { others: 0, open: 0, young: 0, wanted: 0 };
  private readonly done = new Set<string>(); // an insert during the walk shows an item twice
  private readonly oldEnough: number;

  constructor(
    private readonly deps: ActivityDependencies,
    private readonly provider: MediaProvider,
    private readonly input: FindOrphansInput,
    private readonly signal: AbortSignal,
  ) {
    this.oldEnough = Date.now() - input.graceMs;
  }

  async go(): Promise<FoundOrphans> {
    const { madeBefore, limit } = this.input;
    for await (const items of assetPages(this.provider, { spacingMs: this.deps.listSpacingMs }, this.signal)) {
      const fresh = items.filter(({ id, createdAt }) => !this.done.has(id) && isBefore(createdAt, madeBefore));
      const runs = await this.deps.runs.overview(fresh.flatMap((asset) => this.tagOf(asset)?.workflowId ?? []));
      for (const asset of fresh) {
        const last = this.orphans.length >= limit ? this.lastMadeAt : undefined;
        if (last !== undefined && asset.createdAt !== last)
          return { orphans: this.orphans, seen: this.seen, next: last };
        await this.look(asset, runs);
      }
    }
    return { orphans: this.orphans, seen: this.seen };
  }

  private lastMadeAt: string | undefined;

  private async look(asset: ProviderAsset, runs: ReadonlyMap<string, LifecycleRun>): Promise<void> {
    this.done.add(asset.id);
    const { verdict: first, run } = await this.judge(asset, runs);
    const verdict = await this.orSurplus(first, asset);
    if (typeof verdict === 'string') {
      this.seen[verdict] += 1;
      return;
    }
    const tag = this.tagOf(asset) as LedgerTag;
    const made = await madeFrom(this.provider, asset.id, tag, this.signal);
    const ownsResult = verdict.cause === 'stopped' ? run?.branch === 'embed' : verdict.cause === 'vanished';
    if (ownsResult) made.push({ kind: 'result', id: resultName(tag) });
    this.orphans.push({ assetId: asset.id, key: tag.key, workflowId: tag.workflowId, ...verdict, made });
    this.lastMadeAt = asset.createdAt;
  }

  /** The overview decides only what it can be trusted with: that nothing is to be done. */
  private async judge(
    asset: ProviderAsset,
    runs: ReadonlyMap<string, LifecycleRun>,
  ): Promise<{ verdict: Verdict; run?: LifecycleRun }> {
    const tag = this.tagOf(asset);
    if (!tag) return { verdict: 'others' };
    if (!isBefore(asset.createdAt, new Date(this.oldEnough).toISOString())) return { verdict: 'young' };
    const evidence = { assetId: asset.id, tag, closedBefore: this.oldEnough };
    const first = judge({ ...evidence, run: runs.get(tag.workflowId) });
    if (first === 'wanted' || (first === 'open' && this.input.graceMs > OVERVIEW_LAG_MS)) return { verdict: first };
    const run = await this.deps.runs.latest(tag.workflowId);
    return { verdict: judge({ ...evidence, run }) ?? unfinished(tag.onCancel), run };
  }

  /** Of several that a policy would keep, the oldest is kept. */
  private async orSurplus(verdict: Verdict, { id, filename, metadata }: ProviderAsset): Promise<Verdict> {
    const tag = readTag(metadata);
    if (typeof verdict === 'string' || verdict.policy !== 'keep' || !tag) return verdict;
    const [oldest] = await findTagged(this.provider, { tag, filename }, this.signal);
    return oldest === undefined || oldest.id === id ? verdict : SURPLUS;
  }

  private tagOf({ metadata }: ProviderAsset) {
    const tag = readTag(metadata);
    return tag?.owner === this.deps.owner ? tag : undefined;
  }
}

/** A run that the overview calls open may have closed this long ago; with more grace than that it would be young. */
const OVERVIEW_LAG_MS = 60_000;

/** An asset whose age is not told is never old enough. */
const isBefore = (createdAt: string | undefined, limit: string | undefined): boolean =>
  limit === undefined || (createdAt !== undefined && Date.parse(createdAt) < Date.parse(limit));
