import { createHmac } from 'node:crypto';
import type { AssetRecord } from '../../store/records';
import { shown, type Emulation, type Place } from '../emulation';
import { etagOf, linkOf } from '../links';
import { signedUrl } from '../signed-urls';

/** Who inserts and owns everything. */
export const USER_ID = 'emulator-user';

export function assetView(emulation: Emulation, place: Place, asset: AssetRecord, contents: boolean) {
  const { id, filename, kind, mime, content, picture, customMetadata, annotations, updatedAt } = asset;
  const { workspaceId, datasetId } = place;
  const { width, height, frames } = picture;
  const selfLink = linkOf(place, `/assets/${id}`);
  return {
    assetId: id,
    datasetId: `${workspaceId}_${datasetId}`,
    workspaceId,
    filename,
    kind,
    owner: USER_ID,
    selfLink,
    etag: etagOf(id, updatedAt, asset.sequence),
    metadata: {
      generations: { asset: `${selfLink}/asset`, thumbnail: `${selfLink}/thumbnail` },
      insertedBy: USER_ID,
      annotations,
      ...{ frames, width, height },
      cohorts: [],
      fileSize: content.sizeBytes,
      mimeType: mime,
      source: 'managed/datature/default',
      status: 'Ready',
      uploadStatus: 'Uploaded',
      visibility: 'Private',
      userDefined: {},
      customMetadata,
      customMetadataCount: Object.keys(customMetadata).length,
      dimensions: { height, width },
      pixelRatio: { height: 1, width: 1 },
      comments: 0,
      hash: hashOf(emulation, content.sha256),
      contentsFrom: 'Upload',
      framesChange: {},
      timeCreated: shown(emulation, asset.createdAt),
      lastUpdated: shown(emulation, updatedAt),
      contentsLastUpdated: shown(emulation, asset.contentsAt),
    },
    ...(contents ? { contents: contentsOf(emulation, place, asset) } : {}),
  };
}
export type AssetView = ReturnType<typeof assetView>;

/** Under an unknown algorithm it is another text, which nobody can compute. */
function hashOf({ settings, store }: Emulation, sha256: string) {
  const algorithm = settings.vi.hashAlgorithm;
  const contents =
    algorithm === 'sha256' ? sha256 : createHmac('sha256', store.secret).update(`${algorithm} ${sha256}`).digest('hex');
  return { algorithm, contents };
}

function contentsOf(emulation: Emulation, { host }: Place, { id, sequence, filename }: AssetRecord) {
  const expiresAt = emulation.clock.now() + emulation.settings.vi.contentUrlLifeMs;
  const signed = (area: 'contents' | 'thumbnails') => ({
    url: signedUrl(emulation, host, { method: 'GET', area, path: [id, sequence, filename], expiresAt }),
    expiry: shown(emulation, expiresAt),
    method: 'GET',
    headers: {},
  });
  return { asset: signed('contents'), thumbnail: signed('thumbnails') };
}
