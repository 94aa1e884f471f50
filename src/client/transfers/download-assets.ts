import { setMaxListeners } from 'node:events';
import { readdir, rmdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { failure, failureType } from '../../contracts/failures';
import type { AssetFilter, Assets, ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { followPages } from '../../providers/shared/read-pages';
import { retryBriefly } from '../../providers/shared/parts/retry-briefly';
import { InvalidInput } from '../../temporal/errors';
import { fetchAsset, type Fetching } from './fetch-asset';
import { LocalNames } from './local-names';
import { lockPartials } from './lock-folder';

export interface DownloadOptions extends AssetFilter {
  /** Fetches also what is there, and replaces other content. Without it a file that is there is compared, and stays. */
  overwrite?: boolean;
  /** Assets on their way at once, 1 to 64; default: two for each core, 8 at least. */
  concurrency?: number;
  /** Told of each asset that is done, and of bytes as they come. */
  onProgress?: (progress: DownloadProgress) => void;
}

export interface DownloadProgress {
  /** Absent where the provider does not count. */
  total?: number;
  downloaded: number;
  present: number;
  failed: number;
  /** That came over the network. */
  bytes: number;
}

export interface DownloadResult extends DownloadProgress {
  /** Absolute. */
  folder: string;
  /** Name of the place that the assets are in, where there are places. */
  in?: string;
  /** How many assets there were. */
  total: number;
  /** Assets that are not there, and why. */
  failures: { assetId: string; filename: string; type: string; message: string }[];
  /** Assets whose files have other names than they have, since those were taken or too long. */
  renamed: { assetId: string; filename: string; file: string }[];
  /** Files whose size alone was compared, since the provider gives no hash that can be computed. */
  unchecked: number;
  durationMs: number;
  /** The result in one line. */
  summary: () => string;
}

/** Content that is not whole yet is kept here, and gone on with by the next download. */
const PARTIAL_FOLDER = '.partial';
const MAX_LANES = 64;
/** Troubles of the disk that every other file would have too. */
const OF_EVERY_FILE: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE']);

/**
 * Downloads the content of all assets, or those that match, into a folder. Repeating it goes on where it stopped. One that
 * fails does not keep the others.
 * @throws InvalidInput, also while another download is at work in the folder · failures of the list · errors of the disk that every file would have
 */
export async function downloadAssets(
  { assets, traits }: MediaProvider,
  folder: string,
  options: DownloadOptions & { place?: string; signal: AbortSignal },
): Promise<DownloadResult> {
  if (!canOpen(assets) || !traits.assetQueries?.includes('contents')) {
    throw new InvalidInput('download: this provider makes no URLs of contents on request');
  }
  const lanes = lanesOf(options.concurrency);
  const startedAt = Date.now();
  const target = path.resolve(folder);
  const partials = path.join(target, PARTIAL_FOLDER);
  const unlock = await lockPartials(partials, target);
  try {
    return await downloadInto({ assets, traits, target, partials, lanes, startedAt }, options);
  } finally {
    await unlock();
    await rmdir(partials).catch(() => {}); // it stays where something is in it
  }
}

interface Download {
  assets: Fetching['assets'];
  traits: MediaProvider['traits'];
  target: string;
  partials: string;
  lanes: number;
  startedAt: number;
}

async function downloadInto(
  { assets, traits, target, partials, lanes, startedAt }: Download,
  options: DownloadOptions & { place?: string; signal: AbortSignal },
): Promise<DownloadResult> {
  const { overwrite = false, onProgress, place, signal, filter, metadataQuery } = options;
  const begun = new Set(await readdir(partials));
  const there = new Set(await readdir(target));

  const total = await assets.count?.({ filter, metadataQuery }, { signal });
  const progress: DownloadProgress = { total, downloaded: 0, present: 0, failed: 0, bytes: 0 };
  const failures: DownloadResult['failures'] = [];
  const renamed: DownloadResult['renamed'] = [];
  let unchecked = 0;
  const failed = new AbortController();
  const stopped = AbortSignal.any([signal, failed.signal]);
  setMaxListeners(0, stopped); // every lane listens
  const fetching: Fetching = {
    ...{ assets, overwrite, signal: stopped },
    onBytes: (count) => {
      progress.bytes += count;
      onProgress?.(progress);
    },
  };

  const fetchOne = async ({ asset, name }: NamedAsset): Promise<void> => {
    const { id, filename = id } = asset;
    try {
      if (name === undefined) throw failure('InvalidRequest', `"${filename}": this name would leave the folder`);
      if (name !== filename) renamed.push({ assetId: id, filename, file: name });
      const file = path.join(target, name);
      const own = encodeURIComponent(id);
      const partial = { partial: path.join(partials, own), isBegun: begun.has(own) };
      const wanted = { ...{ asset, file, isThere: there.has(name) }, ...partial };
      const fetched = await fetchAsset(wanted, fetching);
      progress[fetched.result] += 1;
      if (!fetched.checked) unchecked += 1;
    } catch (error) {
      fetching.signal.throwIfAborted();
      if (OF_EVERY_FILE.has((error as NodeJS.ErrnoException).code)) throw error;
      const type = failureType(error) ?? (error as NodeJS.ErrnoException).code ?? 'Error';
      failures.push({ assetId: id, filename, type, message: (error as Error).message });
      progress.failed += 1;
    }
    onProgress?.(progress);
  };

  const all = namedAssets(assets, traits, { filter, metadataQuery, signal: fetching.signal });
  const lane = async (): Promise<void> => {
    for (let next = await all.next(); !next.done; next = await all.next()) await fetchOne(next.value);
  };
  let why: unknown;
  const ended = Array.from({ length: lanes }, () =>
    lane().catch((error: unknown) => {
      why ??= error; // later errors only follow from it
      failed.abort(error);
    }),
  );
  await Promise.all(ended); // nothing is written any more once this ends
  if (why !== undefined) throw why;
  const done = { ...progress, total: progress.downloaded + progress.present + progress.failed };
  const where = { folder: target, ...(place !== undefined && { in: place }) };
  const result = { ...done, ...where, failures, renamed, unchecked, durationMs: Date.now() - startedAt };
  return { ...result, summary: () => summaryOf(result) };
}

const canOpen = (assets: Assets): assets is Fetching['assets'] => assets.open !== undefined;

function lanesOf(concurrency = Math.min(Math.max(2 * availableParallelism(), 8), MAX_LANES)): number {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_LANES) return concurrency;
  throw new InvalidInput(`concurrency: must be a whole number from 1 to ${MAX_LANES}, not ${concurrency}`);
}

interface NamedAsset {
  asset: ProviderAsset;
  /** Of its file; absent if its own would leave the folder. */
  name?: string;
}

/** In an order that stays the same, so that of two names which collide the same one is told apart every time. */
async function* namedAssets(
  assets: Assets,
  { assetsPerPage: pageSize, steadyOrder }: MediaProvider['traits'],
  { signal, ...filter }: AssetFilter & { signal: AbortSignal },
): AsyncGenerator<NamedAsset, void, undefined> {
  const sort = steadyOrder === undefined ? undefined : { by: steadyOrder };
  const names = new LocalNames([PARTIAL_FOLDER]);
  const read = (from: string | undefined) =>
    retryBriefly(() => assets.list({ ...filter, from, pageSize, sort, contents: true }, { signal }), signal);
  for await (const { items } of followPages(read, { idOf: ({ id }) => id })) {
    for (const asset of items) yield { asset, name: names.claim(asset.filename ?? asset.id, asset.id) };
  }
}

function summaryOf({ total, downloaded, present, failed, folder }: Omit<DownloadResult, 'summary'>): string {
  const parts = [`${downloaded} of ${total} assets downloaded to ${folder}`];
  if (present > 0) parts.push(`${present} were there`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}
