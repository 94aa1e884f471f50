import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { providerPlace, withinPlace, type ProviderPlace } from '../../src/client/assets/provider-place';
import type { DeletedAsset } from '../../src/client/assets/delete-assets';
import type { DownloadResult } from '../../src/client/transfers/download-assets';
import type { UploadResult } from '../../src/client/transfers/upload-assets';
import { createDatatureViProvider } from '../../src/providers/datature-vi/datature-vi-provider';
import type { ProviderAsset } from '../../src/providers/assets';
import type { Ingestion } from '../../src/providers/ingestions';
import type { MediaProvider } from '../../src/providers/media-provider';
import { uniqueJpeg } from '../support/media/unique-jpeg';
import { ORGANIZATION, SECRET_KEY, ViApi } from '../support/servers/vi-emulator';

/** Everything that the vendor's description of the assets names, type by type. */
const NAMED = {
  Asset: 'asset_id dataset_id organization_id filename kind owner metadata self_link etag contents info',
  AssetMetadata:
    'width height file_size mime_type upload_status status frames visibility generations annotations dimensions pixel_ratio ' +
    'hash inserted_by cohorts user_defined custom_metadata comments time_created last_updated',
  AssetGenerations: 'asset thumbnail',
  AssetAnnotations: 'with_tag total',
  AssetDimensions: 'height width depth',
  AssetPixelRatio: 'height width depth',
  AssetHash: 'algorithm contents',
  AssetContents: 'asset thumbnail',
  Contents: 'url expiry headers method',
  ThumbnailContents: 'url expiry headers method',
  AssetCustomMetadata: 'str int float bool',
  AssetUploadResult: 'total_files total_succeeded total_failed success_rate sessions session_ids failed_files summary',
  AssetDownloadResult: 'dataset_id count save_dir size summary',
  DeletedAsset: 'id deleted',
  AssetIngestionSession:
    'organization_id dataset_id asset_ingestion_session_id asset_source_class asset_source_provider asset_source_id ' +
    'self_link etag metadata spec status',
  AssetIngestionSessionSpec: 'kind failureMode onAssetOverwritten assets',
  AssetIngestionSessionStatus: 'conditions events progressCount assets',
  AssetIngestionProgressCount: 'total succeeded errored',
  AssetIngestionEventError: 'files corrections time',
  AssetIngestionEventProgress: 'tasks',
  UploadedAssetMetadata: 'kind filename mime size crc32c custom_metadata',
} as const;

/** Parameters of each operation. */
const PARAMETERS = {
  list: 'dataset_id pagination contents sort_by filter_criteria metadata_query',
  get: 'dataset_id asset_id contents',
  upload: 'dataset_id paths wait_until_done failure_mode on_asset_overwritten',
  download: 'dataset_id save_dir overwrite show_progress',
  delete: 'dataset_id asset_id',
  wait_until_done: 'dataset_id asset_ingestion_session_id',
} as const;

const SORT_CRITERIA = ['default', 'assetId', 'filename', 'lastModified.contents', 'metadata.fileSize'];
const SORT_ORDERS = ['asc', 'desc'] as const;
const FAILURE_MODES = ['FailAfterOne', 'FailAfterAll'];
const CODES = ['EALREADY', 'EBADMIME', 'EBADSIZE', 'ECORRUPT', 'ENOQUOTA', 'ETIMEOUT', 'EUNKNOWN'];
const EXTENSIONS = '.jpg .jpeg .jfif .png .tiff .tif .bmp .webp .heif .heic .avif .jp2 .j2k .gif'.split(' ');

type Readers<Names extends string, Answer> = Record<Split<Names>, (answer: Answer) => unknown>;
type Split<Names extends string> = Names extends `${infer First} ${infer Rest}` ? First | Split<Rest> : Names;

const LONG_AGO = new Date('2026-01-01');
let api: ViApi;
let account: MediaProvider;
let place: ProviderPlace;
let folder: string;

let asset: ProviderAsset;
let uploaded: UploadResult;
let downloaded: DownloadResult;
let session: Ingestion;
let failedSession: Ingestion;
let deleted: DeletedAsset;

beforeAll(async () => {
  api = await ViApi.start();
  account = createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: ORGANIZATION, endpoint: api.emulator.url },
    ...{ requestTimeoutMs: 5000, sessionsPer5Minutes: 5 },
  });
  place = providerPlace(async () => withinPlace(account, 'demo'), 'demo');
  folder = await mkdtemp(path.join(tmpdir(), 'vi-seed-'));
  uploaded = await place.assets.upload(await write('a.jpg', 'b.jpg'), {
    metadata: { text: 'early', whole: 7, fraction: 0.5, good: true },
  });
  session = await place.sessions.get(uploaded.sessionIds[0] ?? '');
  const bad = await place.assets.upload(await write('bad.png'));
  failedSession = await place.sessions.get(bad.sessionIds[0] ?? '');
  const { items } = await place.assets.list({ sort: { by: 'filename' } });
  await api.control.annotate(items[0]?.id ?? '', { cat: 2 });
  asset = await place.assets.get(items[0]?.id ?? '', { contents: true });
  downloaded = await place.assets.download(path.join(folder, 'out'));
  deleted = await place.assets.delete(items[1]?.id ?? '');
});
afterAll(async () => {
  await account.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** Pictures of these names; one that is called bad is none. */
async function write(...names: string[]): Promise<string[]> {
  await mkdir(path.join(folder, 'in'), { recursive: true });
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, 'in', name);
      await writeFile(file, name.startsWith('bad') ? 'no picture' : uniqueJpeg(name));
      await utimes(file, LONG_AGO, LONG_AGO); // a file that was just written is waited for
      return file;
    }),
  );
}

const field = (from: unknown, ...names: string[]): unknown =>
  names.reduce((value: unknown, name) => (value as Record<string, unknown> | undefined)?.[name], from);
const detail =
  (...names: string[]) =>
  (from: { details?: unknown }) =>
    field(from.details, ...names);

/** Absent where the provider has nothing to say; every other property must be there. */
const OPTIONAL = new Set(['AssetDimensions.depth', 'AssetPixelRatio.depth']);

const contents = (which: 'asset' | 'thumbnail'): Readers<(typeof NAMED)['Contents'], ProviderAsset> => ({
  url: (from) => from.contents?.[which]?.url,
  expiry: (from) => from.contents?.[which]?.expiresAt,
  headers: (from) => from.contents?.[which]?.headers,
  method: (from) => from.contents?.[which]?.method,
});

const ASSET: Readers<(typeof NAMED)['Asset'], ProviderAsset> = {
  asset_id: ({ id }) => id,
  dataset_id: detail('datasetId'),
  organization_id: detail('workspaceId'),
  filename: ({ filename }) => filename,
  kind: detail('kind'),
  owner: detail('owner'),
  metadata: detail('metadata'),
  self_link: detail('selfLink'),
  etag: detail('etag'),
  contents: (from) => from.contents,
  info: (from) => from.details, // `assets info` shows them as a table
};

const METADATA: Readers<(typeof NAMED)['AssetMetadata'], ProviderAsset> = {
  width: ({ widthPixels }) => widthPixels,
  height: ({ heightPixels }) => heightPixels,
  file_size: ({ sizeBytes }) => sizeBytes,
  mime_type: ({ fileType }) => fileType,
  upload_status: detail('metadata', 'uploadStatus'),
  status: detail('metadata', 'status'),
  frames: detail('metadata', 'frames'),
  visibility: detail('metadata', 'visibility'),
  generations: detail('metadata', 'generations'),
  annotations: detail('metadata', 'annotations'),
  dimensions: detail('metadata', 'dimensions'),
  pixel_ratio: detail('metadata', 'pixelRatio'),
  hash: ({ hash }) => hash,
  inserted_by: detail('metadata', 'insertedBy'),
  cohorts: detail('metadata', 'cohorts'),
  user_defined: detail('metadata', 'userDefined'),
  custom_metadata: ({ metadata }) => metadata,
  comments: detail('metadata', 'comments'),
  time_created: ({ createdAt }) => createdAt,
  last_updated: detail('metadata', 'lastUpdated'),
};

const readersOf = (names: string, ...way: string[]): Record<string, (from: ProviderAsset) => unknown> =>
  Object.fromEntries(names.split(' ').map((name) => [name, detail('metadata', ...way, camelCase(name))]));
const camelCase = (name: string): string => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const UPLOAD: Readers<(typeof NAMED)['AssetUploadResult'], UploadResult> = {
  total_files: ({ totalFiles }) => totalFiles,
  total_succeeded: ({ totalSucceeded }) => totalSucceeded,
  total_failed: ({ totalFailed }) => totalFailed,
  success_rate: ({ successRate }) => successRate,
  sessions: ({ sessions }) => sessions,
  session_ids: ({ sessionIds }) => sessionIds,
  failed_files: ({ failedFiles }) => failedFiles,
  summary: (result) => result.summary(),
};

const DOWNLOAD: Readers<(typeof NAMED)['AssetDownloadResult'], DownloadResult> = {
  dataset_id: ({ in: its }) => its,
  count: ({ total }) => total,
  save_dir: ({ folder: where }) => where,
  size: ({ bytes }) => bytes,
  summary: (result) => result.summary(),
};

const DELETED: Readers<(typeof NAMED)['DeletedAsset'], DeletedAsset> = {
  id: ({ id }) => id,
  deleted: (one) => one.deleted,
};

const SESSION: Readers<(typeof NAMED)['AssetIngestionSession'], Ingestion> = {
  organization_id: detail('workspaceId'),
  dataset_id: ({ in: its }) => its,
  asset_ingestion_session_id: ({ id }) => id,
  asset_source_class: detail('assetSourceClass'),
  asset_source_provider: detail('assetSourceProvider'),
  asset_source_id: detail('assetSourceId'),
  self_link: detail('selfLink'),
  etag: detail('etag'),
  metadata: detail('metadata'),
  spec: ({ failureMode, overwriteMode }) => failureMode && overwriteMode,
  status: ({ state }) => state,
};

const SPEC: Readers<(typeof NAMED)['AssetIngestionSessionSpec'], Ingestion> = {
  kind: detail('spec', 'kind'),
  failureMode: ({ failureMode }) => failureMode,
  onAssetOverwritten: ({ overwriteMode }) => overwriteMode,
  assets: ({ files }) => files?.[0],
};

const STATUS: Readers<(typeof NAMED)['AssetIngestionSessionStatus'], Ingestion> = {
  conditions: ({ conditions }) => conditions[0]?.condition && conditions[0].status && conditions[0].since,
  events: ({ events }) => events[0],
  progressCount: ({ progress }) => progress,
  assets: ({ files }) => files?.[0],
};

const COUNTS: Readers<(typeof NAMED)['AssetIngestionProgressCount'], Ingestion> = {
  total: ({ progress }) => progress.total,
  succeeded: ({ progress }) => progress.succeeded,
  errored: ({ progress }) => progress.errored,
};

const eventOf = ({ events }: Ingestion, kind: string) => events.find((event) => event.kind === kind);
const ERROR: Readers<(typeof NAMED)['AssetIngestionEventError'], Ingestion> = {
  files: (from) => eventOf(from, 'Error')?.files?.['bad.png'],
  corrections: (from) => eventOf(from, 'Error')?.corrections,
  time: (from) => eventOf(from, 'Error')?.at,
};
const PROGRESS: Readers<(typeof NAMED)['AssetIngestionEventProgress'], Ingestion> = {
  tasks: (from) => eventOf(from, 'Progress')?.tasks,
};

const FILE: Readers<(typeof NAMED)['UploadedAssetMetadata'], Ingestion> = {
  kind: ({ files }) => files?.[0]?.kind,
  filename: ({ files }) => files?.[0]?.filename,
  mime: ({ files }) => files?.[0]?.mime,
  size: ({ files }) => files?.[0]?.sizeBytes,
  crc32c: ({ files }) => files?.[0]?.crc32c,
  custom_metadata: ({ files }) => files?.[0]?.metadata.text,
};

const CUSTOM: Readers<(typeof NAMED)['AssetCustomMetadata'], ProviderAsset> = {
  str: ({ metadata }) => metadata.text === 'early',
  int: ({ metadata }) => metadata.whole === 7,
  float: ({ metadata }) => metadata.fraction === 0.5,
  bool: ({ metadata }) => metadata.good,
};

type Reading = [readers: Record<string, (from: never) => unknown>, answer: () => unknown];
const READINGS: Record<keyof typeof NAMED, Reading> = {
  Asset: [ASSET, () => asset],
  AssetMetadata: [METADATA, () => asset],
  AssetGenerations: [readersOf(NAMED.AssetGenerations, 'generations'), () => asset],
  AssetAnnotations: [readersOf(NAMED.AssetAnnotations, 'annotations'), () => asset],
  AssetDimensions: [readersOf(NAMED.AssetDimensions, 'dimensions'), () => asset],
  AssetPixelRatio: [readersOf(NAMED.AssetPixelRatio, 'pixelRatio'), () => asset],
  AssetHash: [readersOf(NAMED.AssetHash, 'hash'), () => asset],
  AssetContents: [
    {
      asset: (from: ProviderAsset) => from.contents?.asset,
      thumbnail: (from: ProviderAsset) => from.contents?.thumbnail,
    },
    () => asset,
  ],
  Contents: [contents('asset'), () => asset],
  ThumbnailContents: [contents('thumbnail'), () => asset],
  AssetCustomMetadata: [CUSTOM, () => asset],
  AssetUploadResult: [UPLOAD, () => uploaded],
  AssetDownloadResult: [DOWNLOAD, () => downloaded],
  DeletedAsset: [DELETED, () => deleted],
  AssetIngestionSession: [SESSION, () => session],
  AssetIngestionSessionSpec: [SPEC, () => session],
  AssetIngestionSessionStatus: [STATUS, () => session],
  AssetIngestionProgressCount: [COUNTS, () => session],
  AssetIngestionEventError: [ERROR, () => failedSession],
  AssetIngestionEventProgress: [PROGRESS, () => session],
  UploadedAssetMetadata: [FILE, () => session],
};

test.each(Object.entries(NAMED))('every property of %s is read from an answer', (type, names) => {
  const [readers, answer] = READINGS[type as keyof typeof NAMED];
  expect(Object.keys(readers).toSorted()).toEqual(names.split(' ').toSorted());
  const missing = Object.entries(readers).filter(
    ([name, read]) =>
      !OPTIONAL.has(`${type}.${name}`) && [undefined, null].includes(read(answer() as never) as undefined),
  );
  expect(missing.map(([name]) => name)).toEqual([]);
});

test('a thumbnail can be read like the content', async () => {
  const bytes = await (await fetch(asset.contents?.thumbnail?.url ?? '')).arrayBuffer();
  expect(bytes.byteLength).toBeGreaterThan(0);
  expect(Date.parse(asset.contents?.thumbnail?.expiresAt ?? '')).toBeGreaterThan(Date.now());
});

/** Parameters as ours, and what shows that they have their effect. */
const USES: { [Of in keyof typeof PARAMETERS]: Record<Split<(typeof PARAMETERS)[Of]>, () => Promise<unknown>> } = {
  list: {
    dataset_id: async () => expect((await place.assets.list()).items.length).toBeGreaterThan(0),
    pagination: async () => {
      await place.assets.upload(await write('p1.jpg', 'p2.jpg'));
      const first = await place.assets.list({ pageSize: 1 });
      const second = await place.assets.list({ pageSize: 1, from: first.next });
      expect(second.items[0]?.id).not.toBe(first.items[0]?.id);
    },
    contents: async () =>
      expect((await place.assets.list({ contents: true })).items[0]?.contents?.asset?.url).toBeTruthy(),
    sort_by: async () => {
      for (const by of SORT_CRITERIA) {
        for (const order of SORT_ORDERS) await place.assets.list({ sort: { by, order } });
      }
    },
    filter_criteria: async () =>
      expect((await place.assets.list({ filter: 'filename == "a.jpg"' })).items).toMatchObject([{ filename: 'a.jpg' }]),
    metadata_query: async () =>
      expect((await place.assets.list({ metadataQuery: 'text == "early"' })).items).toMatchObject([
        { filename: 'a.jpg' },
      ]),
  },
  get: {
    dataset_id: async () => expect((await place.assets.get(asset.id)).id).toBe(asset.id),
    asset_id: async () => expect((await place.assets.get(asset.id)).filename).toBe('a.jpg'),
    contents: async () => expect((await place.assets.get(asset.id)).contents).toBeUndefined(),
  },
  upload: {
    dataset_id: async () => expect(session.in).toBe('demo'),
    paths: async () => {
      const [one = ''] = await write('one.jpg');
      expect(await place.assets.upload(one)).toMatchObject({ totalFiles: 1 });
      expect(await place.assets.upload([one])).toMatchObject({ totalFiles: 1 });
      expect((await place.assets.upload(path.dirname(one))).totalFiles).toBeGreaterThan(1);
    },
    wait_until_done: async () => {
      await api.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
      const { isComplete, sessionIds } = await place.assets.upload(await write('later.jpg'), { wait: false });
      expect(isComplete).toBe(false);
      await place.sessions.wait(sessionIds[0] ?? '');
      await api.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
    },
    failure_mode: async () => {
      for (const failureMode of FAILURE_MODES) {
        const { sessions } = await place.assets.upload(await write(`${failureMode}.jpg`), { failureMode });
        expect(sessions[0]?.failureMode).toBe(failureMode);
      }
    },
    on_asset_overwritten: async () => {
      for (const overwriteMode of ['RemoveLinkedResource', 'KeepLinkedResource']) {
        const { sessions } = await place.assets.upload(await write('over.jpg'), { overwriteMode });
        expect(sessions[0]?.overwriteMode).toContain(overwriteMode); // the provider answers the plural of Keep
      }
    },
  },
  download: {
    dataset_id: async () => expect(downloaded.in).toBe('demo'),
    save_dir: async () => expect(await readFile(path.join(downloaded.folder, 'a.jpg'))).toEqual(uniqueJpeg('a.jpg')),
    overwrite: async () => {
      await writeFile(path.join(downloaded.folder, 'a.jpg'), 'mine');
      const options = { filter: 'filename == "a.jpg"' };
      expect(await place.assets.download(downloaded.folder, options)).toMatchObject({ failed: 1 });
      expect(await place.assets.download(downloaded.folder, { ...options, overwrite: true })).toMatchObject({
        downloaded: 1,
      });
    },
    show_progress: async () => {
      const seen: number[] = [];
      await place.assets.download(path.join(folder, 'again'), {
        onProgress: (progress) => seen.push(progress.downloaded),
      });
      expect(Math.max(...seen)).toBeGreaterThan(0);
    },
  },
  delete: {
    dataset_id: async () => expect(deleted.deleted).toBe(true),
    asset_id: async () => await expect(place.assets.get(deleted.id)).rejects.toMatchObject({ type: 'ResourceGone' }),
  },
  wait_until_done: {
    dataset_id: async () => expect((await place.sessions.wait(session.id)).in).toBe('demo'),
    asset_ingestion_session_id: async () =>
      expect((await place.sessions.wait(session.id)).progress).toEqual({ total: 2, succeeded: 2, errored: 0 }),
  },
};

test.each(Object.entries(PARAMETERS))('every parameter of %s has its effect', async (operation, names) => {
  const uses: Record<string, () => Promise<unknown>> = USES[operation as keyof typeof PARAMETERS];
  expect(Object.keys(uses).toSorted()).toEqual(names.split(' ').toSorted());
  for (const use of Object.values(uses)) await use();
});

test('the enumerations are those of the provider', () => {
  const { traits, ingestions } = withinPlace(account, 'demo');
  expect(traits.assetOrders?.toSorted()).toEqual(SORT_CRITERIA.toSorted());
  expect([...(ingestions?.failureModes ?? [])].toSorted()).toEqual(FAILURE_MODES.toSorted());
  expect(ingestions?.overwriteModes).toHaveLength(2);
});

test.each(CODES)('%s of a file reaches the result of its upload, with words', async (code) => {
  const name = `${code}.jpg`;
  await api.control.failFile({ filename: name, code: code as 'EALREADY' });
  const { failedFiles, sessions } = await place.assets.upload(await write(name));
  expect(failedFiles).toMatchObject([{ filename: name, code, message: expect.stringContaining(code) }]);
  expect(sessions[0]?.failed).toEqual({ [name]: code });
});

test.each(EXTENSIONS)('%s is taken', (extension) => {
  const item = { filename: `a${extension}`, source: 'file', sizeBytes: 10, method: 'auto', field: 'path' } as const;
  expect(withinPlace(account, 'demo').intake.route(item)).toBe('whole');
});
