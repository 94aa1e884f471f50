import type { PartStoreRules } from '../../shared/parts/part-store';
import type { Emulation } from '../rules/emulation';
import { PART_ROUTE, signedPart } from '../rules/uploads/part-urls';
import { admitPart, takePart, type ArrivedChunk } from '../rules/uploads/parts';

/**
 * The store that the URLs of chunks point to.
 * Source: `POST /assets/multipart-uploads`: each chunk is PUT to its presigned URL, and the answer's ETag is its proof.
 */
export function twelvelabsPartStore(emulation: Emulation): PartStoreRules {
  return {
    routes: { puts: [PART_ROUTE] },
    keyHeader: 'x-api-key',
    expectedAt(url) {
      const signed = signedPart(url);
      if (!signed) return undefined;
      return {
        route: PART_ROUTE,
        name: `${signed.uploadId}/${signed.index}`,
        admit(headers) {
          const upload = admitPart(emulation, signed, headers['content-length']);
          const contentMd5 = headers['content-md5']?.toString();
          return async (body, onBytes) => {
            const part = await takePart(emulation, upload, signed, { body, contentMd5 }, onBytes);
            return { discard: () => part.discard(), commit: () => committed(emulation, part) };
          };
        },
      };
    },
  };
}

/** Puts the part in its place. @returns headers that tell its ETag. */
function committed({ store, settings }: Emulation, part: ArrivedChunk): Record<string, string> {
  const { etag } = part.commit();
  store.changed();
  const kms = settings.uploads.etag === 'kms';
  return { etag: `"${etag}"`, ...(kms ? { 'x-amz-server-side-encryption': 'aws:kms' } : {}) };
}
