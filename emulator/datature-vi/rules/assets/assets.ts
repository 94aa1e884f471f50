import { z } from 'zod';
import type { Query } from '../../../shared/server/json-server';
import { ApiError } from '../../../shared/server/api-error';
import type { AssetQuery, AssetRecord } from '../../store/records';
import type { Emulation, Place } from '../emulation';
import { existing, invalid, notFound, parse } from '../errors';
import { FilenameSchema } from '../filenames';
import { choice, flag, one, pageOf, type Page } from '../paging';
import { readExpression } from './expressions';
import { assetView, type AssetView } from './views';

const CRITERIA = ['default', 'assetId', 'filename', 'lastModified.contents', 'metadata.fileSize'] as const;
type Criterion = (typeof CRITERIA)[number];

const KEYS: Readonly<Record<Criterion, (asset: AssetRecord) => string | number>> = {
  default: ({ createdAt }) => createdAt,
  assetId: ({ id }) => id,
  filename: ({ filename }) => filename,
  'lastModified.contents': ({ contentsAt }) => contentsAt,
  'metadata.fileSize': ({ content }) => content.sizeBytes,
};

export function listAssets(emulation: Emulation, place: Place, query: Query): Page<AssetView> {
  const criterion = choice(query, 'sortBy', CRITERIA) ?? 'default';
  const order = choice(query, 'o', ['asc', 'desc', 'd']) ?? 'asc';
  const contents = flag(query, 'contents');
  flag(query, 'pageAfter');
  const page = pageOf(query, {
    items: assetsIn(emulation, place, queryIn(query)),
    positionOf: (asset) => [KEYS[criterion](asset), asset.sequence],
    descending: order !== 'asc',
    order: `${criterion}/${order === 'asc' ? 'asc' : 'desc'}`,
  });
  return { ...page, items: page.items.map((asset) => assetView(emulation, place, asset, contents)) };
}

export function countAssets(emulation: Emulation, place: Place, query: Query): { count: number } {
  choice(query, 'strictQuery', ['y', 'n']);
  return { count: assetsIn(emulation, place, queryIn(query)).length };
}

function queryIn(query: Query): AssetQuery {
  refuseRules(one(query, 'ruleQuery'));
  return { filter: one(query, 'filter'), metadataQuery: one(query, 'metadataQuery') };
}

export function refuseRules(ruleQuery: string | null | undefined): void {
  if (ruleQuery) throw invalid('The emulator does not imitate ruleQuery.');
}

/** Those that a query means. @throws ApiError when it is not understood */
export function assetsIn(emulation: Emulation, place: Place, { filter, metadataQuery }: AssetQuery): AssetRecord[] {
  const ofFields = filter ? readExpression('filter', filter) : undefined;
  const ofMetadata = metadataQuery ? readExpression('metadataQuery', metadataQuery) : undefined;
  return visibleAssets(emulation, place).filter((asset) => {
    if (ofMetadata && !ofMetadata((name) => asset.customMetadata[name])) return false;
    if (!ofFields) return true;
    const view = assetView(emulation, place, asset, false);
    return ofFields((name) => fieldAt(view, name));
  });
}

/** A field of the answer: `filename`, `metadata.fileSize`. */
const fieldAt = (view: AssetView, name: string): unknown =>
  name
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null ? Object.entries(inner).find(([k]) => k === key)?.[1] : undefined,
      view,
    );

export const visibleAssets = (emulation: Emulation, { datasetId }: Place): AssetRecord[] =>
  emulation.store.assetsOf(datasetId).filter((asset) => isListed(emulation, asset));

const isListed = ({ store, settings }: Emulation, { sessionId }: AssetRecord): boolean =>
  settings.vi.listed === 'when-ready' || store.sessions.get(sessionId)?.ended !== undefined;

/** @throws ApiError 404 */
export function assetOf(emulation: Emulation, { datasetId }: Place, id: string): AssetRecord {
  const asset = existing(emulation.store.assets, 'asset', id);
  if (asset.datasetId === datasetId && isListed(emulation, asset)) return asset;
  throw notFound('asset', id);
}

/** @throws ApiError 404 */
export function assetNamed(emulation: Emulation, { datasetId }: Place, filename: string): AssetRecord {
  const asset = emulation.store.assetNamed(datasetId, filename);
  if (asset && isListed(emulation, asset)) return asset;
  throw notFound('asset named', filename);
}

const RenameSchema = z.object({ filename: FilenameSchema });

/** @throws ApiError 409 when another asset has the name */
export function renameAsset({ store, clock }: Emulation, asset: AssetRecord, body: unknown): void {
  const { filename } = parse(RenameSchema, body);
  const other = store.assetNamed(asset.datasetId, filename);
  if (other && other !== asset) throw new ApiError(409, 'Conflict', `An asset named ${filename} exists already.`);
  asset.filename = filename;
  asset.updatedAt = clock.now();
}

/** Its annotations and contents go with it; its id does not come again. */
export function deleteAsset({ store, files }: Emulation, { id, content }: AssetRecord): void {
  store.assets.delete(id);
  files.discard(content.id);
}
