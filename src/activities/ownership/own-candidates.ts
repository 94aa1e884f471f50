import type { EarlierRun } from '../../contracts/activities';
import { carriesTag, readTag, type LedgerTag } from '../../contracts/resource';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { unlessGone } from '../../providers/outcome';
import { findByTag } from '../lib/find-by-tag';

/** How an asset of the key stands to this run and to what it is to submit. */
export type Standing = 'of this run' | 'failed before' | 'same content' | 'other content' | 'not comparable';

export interface Candidate {
  asset: ProviderAsset;
  is: Standing;
}

export interface CandidateSearch {
  provider: MediaProvider;
  /** An earlier write of this activity got no answer. */
  ambiguous: boolean;
  /** RFC 3339 start of the run. */
  since: string;
  earlier?: EarlierRun;
  /** The assets that carry the tag, where that is known; the provider is not asked then. */
  known?: readonly ProviderAsset[];
  signal: AbortSignal;
}

/** Assets that carry the tag, each with how it stands to this run. */
export async function findCandidates(
  { tag, filename }: { tag: LedgerTag; filename: string },
  search: CandidateSearch,
): Promise<Candidate[]> {
  const found = search.known ?? (await taggedAssets({ tag, filename }, search));
  return found.map((asset) => ({ asset, is: standingOf(asset, tag) }));
}

/** An earlier run may have used another filename, by which the list is narrowed. */
async function taggedAssets(
  { tag, filename }: { tag: LedgerTag; filename: string },
  { provider, ambiguous, since, earlier, signal }: CandidateSearch,
): Promise<ProviderAsset[]> {
  const found = await findByTag(provider, { tag, filename, since: ambiguous ? since : undefined }, signal);
  if (!earlier) return found;
  const { assetId } = earlier;
  if (assetId === undefined) {
    const all = await findByTag(provider, { tag, since: earlier.startedAt }, signal);
    return [...all.filter(({ id }) => !found.some((one) => one.id === id)), ...found];
  }
  if (found.some(({ id }) => id === assetId)) return found;
  const known = await unlessGone(provider.assets.get(assetId, { signal }));
  return known && carriesTag(known.metadata, tag) ? [known, ...found] : found;
}

function standingOf(asset: ProviderAsset, tag: LedgerTag): Standing {
  const its = readTag(asset.metadata);
  const same = compareContent(its?.content, tag.content);
  if (its?.runId === tag.runId) {
    return same === false ? 'other content' : 'of this run'; // the source may change between two attempts
  }
  if (asset.status === 'failed') return 'failed before'; // it makes room
  if (same === undefined) return 'not comparable';
  return same ? 'same content' : 'other content';
}

/** Whether two contents are the same; `undefined` where one is not known, or they are of different types of source. */
export function compareContent(one: string | undefined, other: string | undefined): boolean | undefined {
  if (one === undefined || other === undefined || sourceTypeIn(one) !== sourceTypeIn(other)) return undefined;
  return one === other;
}

const sourceTypeIn = (content: string): string => content.slice(0, content.indexOf(':'));
