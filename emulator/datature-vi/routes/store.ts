import type { ServedContent } from '../../shared/parts/content-reads';
import type { PartStoreRules } from '../../shared/parts/part-store';
import { ApiError } from '../../shared/server/api-error';
import type { Emulation } from '../rules/emulation';
import { admitFile } from '../rules/ingestion/puts';
import { readContent } from '../rules/media/contents';
import { admitPart } from '../rules/uploads/parts';
import { checkSigned, CONTENT_ROUTE, PART_ROUTE, signedIn, THUMBNAIL_ROUTE, UPLOAD_ROUTE } from '../rules/signed-urls';

/** The store that signed URLs point to: it takes files and parts, and gives contents. */
export function datatureViStore(emulation: Emulation): PartStoreRules {
  return {
    routes: { puts: [UPLOAD_ROUTE, PART_ROUTE], gets: [CONTENT_ROUTE, THUMBNAIL_ROUTE] },
    keyHeader: 'authorization',
    expectedAt(url) {
      const signed = signedIn('PUT', url);
      if (!signed) return undefined;
      const { area, path } = signed;
      const name = `${path[0]}/${path[1]}`;
      return area === 'parts'
        ? { route: PART_ROUTE, name, admit: () => admitPart(emulation, signed) }
        : { route: UPLOAD_ROUTE, name, admit: (headers) => admitFile(emulation, signed, headers) };
    },
    contentAt: (url) => contentAt(emulation, url),
  };
}

/** A thumbnail is the content itself. */
function contentAt(emulation: Emulation, url: string): ServedContent | undefined {
  const signed = signedIn('GET', url);
  if (!signed) return undefined;
  return {
    route: signed.area === 'contents' ? CONTENT_ROUTE : THUMBNAIL_ROUTE,
    open() {
      checkSigned(emulation, signed);
      const [id, sequence] = signed.path;
      const asset = emulation.store.assets.get(id);
      if (asset?.sequence !== sequence) throw new ApiError(404, 'NoSuchKey', 'The content is gone.');
      const { content, mime } = asset;
      return {
        sizeBytes: content.sizeBytes,
        mime,
        read: (from, to) => readContent(emulation, content, from, to),
      };
    },
  };
}
