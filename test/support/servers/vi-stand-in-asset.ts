import { createHash } from 'node:crypto';

export const ORGANIZATION = 'org';

export interface SpecFile {
  filename: string;
  mime: string;
  size: number;
  crc32c: number | null;
  customMetadata: Record<string, unknown> | null;
  kind: string;
}

export interface StandInAsset {
  id: string;
  filename: string;
  content: Buffer;
  changedAt: number;
  file: SpecFile;
}

export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

export function assetView({ id, filename, content, changedAt, file }: StandInAsset, algorithm: string): object {
  const known = ['sha256', 'md5'].includes(algorithm) ? algorithm : 'sha1';
  const at = Math.floor(changedAt);
  return {
    ...{
      assetId: id,
      datasetId: `${ORGANIZATION}_demo`,
      workspaceId: ORGANIZATION,
      filename,
      kind: file.kind,
      owner: 'o',
    },
    ...{ selfLink: '', etag: 'e' },
    metadata: {
      ...{
        insertedBy: 'x',
        mimeType: file.mime,
        source: '',
        status: 'Ready',
        uploadStatus: 'Uploaded',
        visibility: 'All',
      },
      ...{ contentsFrom: '', frames: 1, fileSize: content.byteLength, height: 1, width: 1, comments: 0 },
      ...{ customMetadataCount: 0, timeCreated: at, lastUpdated: at, contentsLastUpdated: at },
      ...{ generations: { asset: '1', thumbnail: '1' }, annotations: { withTag: {}, total: 0 } },
      ...{ dimensions: { height: 1, width: 1 }, pixelRatio: { height: 1, width: 1 }, framesChange: {}, cohorts: [] },
      hash: { algorithm, contents: createHash(known).update(content).digest('hex') },
      ...{ userDefined: {}, customMetadata: file.customMetadata ?? {} },
    },
  };
}
