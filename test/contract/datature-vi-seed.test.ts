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
import {
  CODES,
  EXTENSIONS,
  FAILURE_MODES,
  NAMED,
  PARAMETERS,
  SORT_CRITERIA,
  SORT_ORDERS,
  type Split,
} from './vi-seed/names';
import {
  ASSET,
  contents,
  COUNTS,
  CUSTOM,
  DELETED,
  DOWNLOAD,
  ERROR,
  FILE,
  METADATA,
  OPTIONAL,
  PROGRESS,
  readersOf,
  SESSION,
  SPEC,
  STATUS,
  UPLOAD,
} from './vi-seed/readers';
import { uniqueJpeg } from '../support/media/unique-jpeg';
import { ORGANIZATION, SECRET_KEY, ViApi } from '../support/servers/vi-emulator';

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
