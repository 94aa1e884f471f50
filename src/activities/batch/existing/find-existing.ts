import type { FoundAssets, ListedBatchRef } from '../../../contracts/batch/groups';
import { isRefused, type BatchIndex, type ListedItem } from '../../../contracts/batch/listed-items';
import { isTagField, readTag } from '../../../contracts/resource';
import { mergedInput } from '../../../batch/merged-input';
import { batchCounts } from '../../../batch/report';
import { readPage } from '../../../batch/listing/page';
import { SeenTexts } from '../../../batch/listing/seen-texts';
import type { ProviderAsset } from '../../../providers/assets';
import type { Traits } from '../../../providers/media-provider';
import { declarationOf } from '../../../providers/registry';
import { createBatchFiles } from '../../../storage/batches/batch-files';
import { createFoundRecords, type FoundRecord } from '../../../storage/batches/found-assets';
import { createItemOutcomes } from '../../../storage/batches/item-outcomes';
import { providerOf, type ActivityDependencies } from '../../dependencies';
import { BEATS, setProgress, withHeartbeatEvery } from '../../lib/activity-call';
import { readIndex } from '../group/open-slice';
import { ListWalk } from './list-walk';

/** Found assets that are in memory before they are written. */
const FOUND_AT_ONCE = 5000;

/** See `BatchActivities.findExisting`. */
export const createFindExisting =
  (deps: ActivityDependencies) =>
  (input: ListedBatchRef): Promise<FoundAssets | null> =>
    withHeartbeatEvery(BEATS.read, (signal) => findExisting(deps, input, signal));

async function findExisting(
  deps: ActivityDependencies,
  { provider, start, ...ref }: ListedBatchRef,
  signal: AbortSignal,
): Promise<FoundAssets | null> {
  const index = await readIndex(deps, ref);
  const batch = { owner: deps.owner, batchId: ref.batchId };
  const due = index.items - (await completedOf(deps, batch, index));
  const keys = due === 0 ? new Map<string, SeenTexts>() : await keysByPlace(deps, batch, index);
  const records = createFoundRecords<ProviderAsset>(deps.batches.files, batch, start);
  const since = new Date().toISOString();
  const tally = { complete: true, found: 0 };
  for (const [place, known] of keys) {
    const walked = providerOf(deps, { provider, place: place === NO_PLACE ? undefined : place });
    const walk = new ListWalk(walked, {
      mostPages: Math.min(due, known.size),
      spacingMs: deps.listSpacingMs,
      signal,
    });
    let found: FoundRecord<ProviderAsset>[] = [];
    for await (const assets of walk.pages()) {
      for (const asset of assets) {
        const tag = readTag(asset.metadata);
        const item = tag?.owner === deps.owner ? known.find(tag.key) : undefined;
        if (item !== undefined) found.push({ item, asset: withTagOnly(asset, walked.traits) });
      }
      if (found.length < FOUND_AT_ONCE) continue;
      await records.add(found);
      setProgress({ found: (tally.found += found.length) });
      found = [];
    }
    await records.add(found);
    tally.found += found.length;
    tally.complete &&= walk.isComplete;
  }
  return keys.size === 0 || (!tally.complete && tally.found === 0)
    ? null
    : { name: start, since, complete: tally.complete };
}

const NO_PLACE = '';

async function completedOf(
  { batches }: ActivityDependencies,
  batch: { owner: string; batchId: string },
  index: BatchIndex,
): Promise<number> {
  const { by } = await batchCounts(createItemOutcomes(batches.files, batch), index);
  return by.completed ?? 0;
}

/** The items' numbers by their keys, in each place where items are to be. */
async function keysByPlace(
  { batches }: ActivityDependencies,
  batch: { owner: string; batchId: string },
  { provider, each, pages }: BatchIndex,
): Promise<Map<string, SeenTexts>> {
  const { placeField } = declarationOf(provider);
  const placeOf = ({ own = {} }: ListedItem): string => {
    const place = placeField === undefined ? undefined : mergedInput(each, own)[placeField];
    return typeof place === 'string' ? place : NO_PLACE;
  };
  const files = createBatchFiles(batches.files, batch);
  const byPlace = new Map<string, SeenTexts>();
  for (const page of pages.keys()) {
    for (const entry of readPage((await files.page(page)) ?? '').entries) {
      if (isRefused(entry) || entry.source.type === 'asset') continue;
      const place = placeOf(entry);
      const known = byPlace.get(place) ?? new SeenTexts();
      byPlace.set(place, known);
      known.add(entry.key, entry.item);
    }
  }
  return byPlace;
}

/**
 * What tells how the asset stands to the key; what else users have written on it stays where it is. Taking it up tells whether
 * it is still there, where that writes to the asset; elsewhere a wait has to look.
 */
function withTagOnly(
  { id, status, filename, fileType, sizeBytes, durationSec, widthPixels, heightPixels, ...asset }: ProviderAsset,
  { marksAssets }: Traits,
): ProviderAsset {
  const { createdAt, contentsAt, method } = asset;
  const metadata = Object.fromEntries(Object.entries(asset.metadata).filter(([name]) => isTagField(name)));
  const media = { fileType, sizeBytes, durationSec, widthPixels, heightPixels };
  const isKnownToBeThere = marksAssets || status !== 'ready';
  return {
    id,
    status: isKnownToBeThere ? status : 'processing',
    filename,
    ...media,
    createdAt,
    contentsAt,
    method,
    metadata,
  };
}
