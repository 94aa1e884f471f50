import { tagFields } from '../../../contracts/resource';
import type { PartUrl, UploadSessions, UploadState } from '../../upload-sessions';
import type { ApiRequest, TwelveLabsClient } from '../client';
import type { PartStore } from './part-store';
import { OpenedUploadSchema, PartUrlsSchema, UploadPageSchema, UploadStateSchema } from './schemas';

const UPLOADS = '/assets/multipart-uploads';
const PAGE_SIZE = 50;
/** Incomplete sessions are looked at this many pages back. */
const PAGES = 4;

/** Operations under `/assets/multipart-uploads`, and the PUTs to the store behind them. */
export function uploadSessions(client: TwelveLabsClient, store: PartStore): UploadSessions {
  return {
    async open({ filename, kind, sizeBytes, metadata, enableHls, enableThumbnail, tag }, { signal } = {}) {
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
            type: kind,
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
    },

    async state(sessionId, { signal } = {}) {
      const reported = new Set<number>();
      for (let page = 1; ; page++) {
        const path = `${pathOf(sessionId)}?page=${page}&page_limit=${PAGE_SIZE}`;
        const answer = await client.call({ ...about('GET', sessionId), path, signal }, UploadStateSchema);
        for (const { index, status } of answer.uploaded_chunks) if (status === 'completed') reported.add(index);
        if (answer.uploaded_chunks.length < PAGE_SIZE) return { state: stateOf(answer.status), reported };
      }
    },

    async partUrls(sessionId, { first, count }, { signal } = {}) {
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

    async incomplete({ signal } = {}) {
      const sessions: { sizeBytes: number; createdAt?: string }[] = [];
      for (let page = 1; page <= PAGES; page++) {
        const path = `${UPLOADS}?page=${page}&page_limit=${PAGE_SIZE}`;
        const { data } = await client.call(
          { method: 'GET', route: UPLOADS, path, creates: false, signal },
          UploadPageSchema,
        );
        for (const { status, total_size: sizeBytes, created_at: createdAt } of data) {
          if (status === 'active') sessions.push({ sizeBytes, createdAt });
        }
        if (data.length < PAGE_SIZE) break;
      }
      return sessions;
    },

    putPart: (target, bytes, options) => store.put(target, bytes, options),
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

const stateOf = (status: string): UploadState['state'] => STATES.find((state) => state === status) ?? 'active';
