import { tagFields } from '../../../contracts/resource';
import type { SourceBytes } from '../../../storage/files/source-bytes';
import type { Submission } from '../../intake';
import type { CallOptions } from '../../outcome';
import type { OpenedUpload, PartUploads, PartUrl, UploadState } from '../../part-uploads';
import type { AssetFields } from '../input';
import { kindOfFile } from './file-kind';
import { readPages } from '../../shared/read-pages';
import type { ApiRequest } from '../api/api-request';
import type { TwelveLabsClient } from '../api/client';
import { MAX_PAGE_ITEMS } from '../api/lists';
import type { PartStore } from './part-store';
import { OpenedUploadSchema, PartUrlsSchema, UploadPageSchema, UploadStateSchema } from './upload-schemas';

const UPLOADS = '/assets/multipart-uploads';
/** Most pages of incomplete sessions that are read. */
const MAX_INCOMPLETE_PAGES = 4;

/** Opens a session; the asset that it reserves carries the tag at once. Source: `POST /assets/multipart-uploads`. */
export async function openSession(
  client: TwelveLabsClient,
  { filename, metadata, fields, tag }: Submission,
  { sizeBytes }: SourceBytes,
  { signal }: CallOptions,
): Promise<OpenedUpload> {
  const { enableHls, enableThumbnail } = fields as AssetFields;
  const answer = await client.call(
    {
      method: 'POST',
      kind: 'upload',
      route: UPLOADS,
      path: UPLOADS,
      about: filename,
      creates: true,
      json: {
        filename,
        type: kindOfFile(filename),
        total_size: sizeBytes,
        enable_hls: enableHls,
        enable_thumbnail: enableThumbnail,
        user_metadata: { ...metadata, ...tagFields(tag) },
      },
      signal,
    },
    OpenedUploadSchema,
  );
  return {
    sessionId: answer.upload_id,
    assetId: answer.asset_id,
    partBytes: answer.chunk_size,
    totalParts: answer.total_chunks ?? Math.ceil(sizeBytes / answer.chunk_size),
    expiresAt: answer.expires_at,
    urls: answer.upload_urls.flatMap(({ chunk_index: part, url, expires_at }) =>
      expires_at === undefined ? [] : [{ part, url, expiresAt: Date.parse(expires_at) }],
    ),
    headers: answer.upload_headers ?? {},
  };
}

/** Operations of `/assets/multipart-uploads`, and PUTs to its part store. Source: the operations named below. */
export function partUploads(client: TwelveLabsClient, store: PartStore): PartUploads {
  return {
    urlsPerRequest: 50,
    partsPerReport: 50,

    /** Source: `GET /assets/multipart-uploads/{upload_id}`. */
    async state(sessionId, { signal } = {}) {
      let state: UploadState['state'] = 'active';
      const reported = new Set<number>();
      const read = async (page: number) => {
        const path = `${pathOf(sessionId)}?page=${page}&page_limit=${MAX_PAGE_ITEMS}`;
        const answer = await client.call({ ...about('GET', sessionId), path, signal }, UploadStateSchema);
        state = uploadStateOf(answer.status);
        return { items: answer.uploaded_chunks, totalPages: answer.page_info?.total_page };
      };
      for await (const { items } of readPages(read, { idOf: ({ index }) => index })) {
        for (const { index, status } of items) if (status === 'completed') reported.add(index);
      }
      return { state, reported };
    },

    /** Source: `POST /assets/multipart-uploads/{upload_id}/presigned-urls`, `count` 50 at most. */
    async urls(sessionId, { first, count }, { signal } = {}) {
      const askedAt = Date.now();
      const answer = await client.call(
        {
          ...about('POST', sessionId),
          route: `${UPLOADS}/{upload_id}/presigned-urls`,
          path: `${pathOf(sessionId)}/presigned-urls`,
          json: { start: first, count },
          signal,
        },
        PartUrlsSchema,
      );
      const lifeOf = (expiresAt: string): number => Date.parse(expiresAt) - Date.parse(answer.generated_at ?? '');
      return answer.upload_urls.map(({ chunk_index: part, url, expires_at = answer.expires_at ?? '' }): PartUrl => {
        const life = lifeOf(expires_at); // by the provider's own clock
        return { part, url, expiresAt: Number.isNaN(life) ? Date.parse(expires_at) : askedAt + life };
      });
    },

    /** Source: `POST /assets/multipart-uploads/{upload_id}`. */
    async report(sessionId, parts, { signal } = {}) {
      await client.callVoid({
        ...about('POST', sessionId),
        json: {
          completed_chunks: parts.map(({ part, sizeBytes, etag }) => ({
            chunk_index: part,
            proof: etag,
            proof_type: 'etag',
            chunk_size: sizeBytes,
          })),
        },
        signal,
      });
    },

    /** Source: `GET /assets/multipart-uploads`, newest first. */
    async incomplete({ signal } = {}) {
      const sessions: { sizeBytes: number; createdAt?: string }[] = [];
      const read = async (page: number) => {
        const path = `${UPLOADS}?page=${page}&page_limit=${MAX_PAGE_ITEMS}`;
        const call = { method: 'GET', route: UPLOADS, path, creates: false, signal } as const;
        const { data, page_info } = await client.call(call, UploadPageSchema);
        return { items: data, totalPages: page_info?.total_page };
      };
      let pages = 0;
      for await (const { items } of readPages(read, { idOf: ({ upload_id }) => upload_id })) {
        for (const { status, total_size: sizeBytes, created_at: createdAt } of items) {
          if (status === 'active') sessions.push({ sizeBytes, createdAt });
        }
        if (++pages === MAX_INCOMPLETE_PAGES) break;
      }
      return sessions;
    },

    put: (target, bytes, options) => store.put(target, bytes, options),
  };
}

const pathOf = (sessionId: string): string => `${UPLOADS}/${encodeURIComponent(sessionId)}`;

const about = (method: 'GET' | 'POST', sessionId: string) =>
  ({
    method,
    route: `${UPLOADS}/{upload_id}`,
    path: pathOf(sessionId),
    about: sessionId,
    creates: false,
  }) satisfies ApiRequest;

const STATES: readonly UploadState['state'][] = ['active', 'completed', 'failed', 'expired'];

const uploadStateOf = (status: string): UploadState['state'] => STATES.find((state) => state === status) ?? 'active';
