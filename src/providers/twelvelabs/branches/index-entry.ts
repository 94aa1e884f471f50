import { z } from 'zod';
import type { Handle } from '../../../contracts/branches/handle';
import { carriesTag, makerIn, tagFields, type BranchResource, type LedgerTag } from '../../../contracts/resource';
import type { BranchItem } from '../../branch-kind';
import { outcomeOf, unlessGone } from '../../outcome';
import type { TwelveLabsClient } from '../api/client';
import { CreatedSchema, IndexedAssetSchema } from '../api/schemas';
import { indexEntriesOf, type IndexEntry } from '../asset-users';
import type { TwelveLabsBranch } from '../connection';
import { branchRefusalOf, videoLengthRule, videoPictureRule } from './media-rules';
import { resourceId } from './resource-id';

/** Indexes the asset in an existing index. Source: `POST /indexes/{id}/indexed-assets`. */
export const IndexBranchSchema = z.strictObject({
  type: z.literal('index'),
  indexId: resourceId,
  enableVideoStream: z.boolean().default(false),
});
export type IndexBranch = z.output<typeof IndexBranchSchema>;

/**
 * An entry of the asset in an index.
 * Source: `POST`, `GET`, `DELETE /indexes/{id}/indexed-assets`, `GET /assets/{asset_id}/indexed-assets`.
 */
export const indexEntry = {
  type: 'index',
  schema: IndexBranchSchema,
  flags: [
    { flag: '--index <id>', field: 'indexId', help: 'index: the index' },
    { flag: '--video-stream', field: 'enableVideoStream', help: 'index: let the provider keep a stream' },
  ],
  example: 'https://example.com/film.mp4 --branch index --index <id> --json',
  // "validating" is a state as well, but no value that the list's filter is documented to take: such an entry is
  // missing from the list and therefore asked for singly
  watched: {
    kind: 'indexed-asset',
    listRoute: '/indexes/{id}/indexed-assets',
    working: ['pending', 'queued', 'indexing'],
  },
  plan: ({ indexId }) => ({ stores: false, makes: { kind: 'indexed-asset', in: indexId } }),

  /** Limits of videos, since new indexes have Marengo; what an index takes beside videos is not published. */
  mediaRefusal: (_branch, media) =>
    media.kind === 'video'
      ? branchRefusalOf([...videoLengthRule('an index', media), ...videoPictureRule('an index', media)])
      : undefined,

  connect: ({ client }) => ({
    effect: () => 'create',

    start: (items, { signal } = {}) =>
      Promise.all(items.map((item) => outcomeOf(() => startOne(client, item, signal)))),

    async find({ branch: { indexId }, assetId, tag }, { signal } = {}) {
      const { own, others } = await entriesOf(client, { assetId, indexId, tag }, signal);
      const adopted = others.map((entry) => ({ ...startOf(entry), adopted: true }));
      return [...own.map((entry) => ({ ...startOf(entry), madeBy: entry.madeBy })), ...adopted];
    },

    async madeFrom({ assetId, tag }, { signal } = {}) {
      const { own } = await entriesOf(client, { assetId, tag }, signal);
      const common = { kind: 'indexed-asset', branch: 'index', assetId };
      return own.map(({ indexId, id, madeBy, onCancel }) => ({ ...common, id, in: indexId, madeBy, onCancel }));
    },

    async tagged({ in: indexId, assetId, tag }, { signal } = {}) {
      const { own } = await entriesOf(client, { assetId, indexId, tag }, signal);
      return own.map(({ id, madeBy }) => ({ id, madeBy }));
    },

    async remove({ id, in: indexId = '' }, { signal }) {
      await client.callVoid({ ...oneEntry('DELETE', { indexId, id }), signal });
      return { result: 'deleted', because: 'the provider deleted it' };
    },

    /** Not needed: the provider refuses to delete an indexed asset. */
    foundByAsset: () => false,
  }),
} satisfies TwelveLabsBranch<IndexBranch>;

const startOf = ({ indexId, id }: Pick<IndexEntry, 'indexId' | 'id'>): { id: string; handle: Handle } => ({
  id,
  handle: { kind: 'indexed-asset', id, in: indexId, words: `Indexed asset ${id}` },
});

async function startOne(
  client: TwelveLabsClient,
  { branch: { indexId, enableVideoStream }, assetId, tag }: BranchItem<IndexBranch>,
  signal: AbortSignal | undefined,
) {
  const { _id: id } = await client.call(
    {
      method: 'POST',
      kind: 'index',
      route: '/indexes/{id}/indexed-assets',
      path: `/indexes/${encodeURIComponent(indexId)}/indexed-assets`,
      about: assetId,
      creates: true,
      json: { asset_id: assetId, enable_video_stream: enableVideoStream, user_metadata: tagFields(tag) },
      signal,
    },
    CreatedSchema,
  );
  return startOf({ indexId, id });
}

type OwnEntry = IndexEntry & Pick<BranchResource, 'madeBy' | 'onCancel'>;

/** The asset's entries in one index or in all, divided into those with the tag and those of others. */
async function entriesOf(
  client: TwelveLabsClient,
  { assetId, indexId, tag }: { assetId: string; indexId?: string; tag: LedgerTag },
  signal: AbortSignal | undefined,
): Promise<{ own: OwnEntry[]; others: IndexEntry[] }> {
  const own: OwnEntry[] = [];
  const others: IndexEntry[] = [];
  for (const entry of await indexEntriesOf(client, assetId, signal)) {
    if (indexId !== undefined && entry.indexId !== indexId) continue;
    const call = { ...oneEntry('GET', entry), signal };
    const answer = await unlessGone(client.call(call, IndexedAssetSchema));
    if (!answer) continue;
    if (carriesTag(answer.user_metadata, tag)) own.push({ ...entry, ...makerIn(answer.user_metadata) });
    else others.push(entry);
  }
  return { own, others };
}

const oneEntry = (method: 'GET' | 'DELETE', { indexId, id }: { indexId: string; id: string }) =>
  ({
    method,
    route: '/indexes/{id}/indexed-assets/{id}',
    path: `/indexes/${encodeURIComponent(indexId)}/indexed-assets/${encodeURIComponent(id)}`,
    about: id,
    creates: false,
  }) as const;
