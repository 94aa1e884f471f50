import type { Stats } from 'node:fs';
import { link, lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { failure, FAILURES, failureType } from '../../contracts/failures';
import type { Assets, ProviderAsset, SignedUrl } from '../../providers/assets';
import { outcomeOf } from '../../providers/outcome';
import { retryBriefly } from '../../providers/shared/parts/retry-briefly';
import { hasContent, runningHash, type RunningHash } from './content-hash';

export interface AssetToFetch {
  /** With signed URLs. */
  asset: ProviderAsset;
  /** The file that it becomes. */
  file: string;
  /** True if something has its name. */
  isThere: boolean;
  /** Where it is kept until it is whole. */
  partial: string;
  /** True if an earlier download left something there. */
  isBegun: boolean;
}

export interface Fetching {
  assets: Assets & Required<Pick<Assets, 'open'>>;
  overwrite: boolean;
  signal: AbortSignal;
  onBytes: (count: number) => void;
}

export interface Fetched {
  /** `present` if the file was there already, with this content. */
  result: 'downloaded' | 'present';
  sizeBytes: number;
  /** False if the provider gives no hash that can be computed. */
  checked: boolean;
}

/** Times that a URL is asked for anew in a row without a further byte. */
const MAX_FRESH_URLS = 5;
/** A URL that expires sooner is not used, unless fresh ones live no longer. */
const MARGIN_MS = 5000;

/**
 * Fetches the content of an asset into its file, which is there whole or not at all. What an earlier try left is gone on
 * with. Size and hash are checked. Without `overwrite` a file of that name that is something else stays.
 * @throws ResourceGone · AssetExists · SourceUnreadable for other content than the provider says · UploadExpired where
 *   fresh URLs are refused as well · ProviderUnavailable · errors of the disk
 */
export async function fetchAsset(wanted: AssetToFetch, fetching: Fetching): Promise<Fetched> {
  const { asset, file, partial, isThere } = wanted;
  const { overwrite } = fetching;
  const checked = runningHash(asset.hash) !== undefined;
  if (isThere && !overwrite) {
    const sizeBytes = await sizeOfSame(file, asset);
    if (sizeBytes !== undefined) return { result: 'present', sizeBytes, checked };
  }
  const sizeBytes = await fetchInto(wanted, fetching);
  const isPlaced = await putInPlace(partial, file, overwrite);
  if (!isPlaced) await sizeOfSame(file, asset); // it came meanwhile, or its name differs in case only
  return { result: 'downloaded', sizeBytes, checked };
}

/** Size of the file, if it has the content of the asset; `undefined` if there is none. @throws AssetExists */
async function sizeOfSame(file: string, asset: ProviderAsset): Promise<number | undefined> {
  const there = await statOf(file);
  if (!there) return undefined;
  if (there.isFile() && (await hasContent(file, there.size, asset))) return there.size;
  throw existsAlready(file);
}

const existsAlready = (file: string): Error =>
  failure('AssetExists', `${file}: is there already with other content; it was not overwritten`);

/** @returns the size of the content, once it is whole */
async function fetchInto({ asset: listed, partial, isBegun }: AssetToFetch, fetching: Fetching): Promise<number> {
  const { assets, signal } = fetching;
  let asset = listed;
  let isFirst = !isBegun;
  let url = usable(asset.contents?.asset);
  for (let freshStarts = 0, furthest = 0; ;) {
    if (!url) {
      const before = asset;
      asset = await retryBriefly(() => assets.get(asset.id, { contents: true, signal }), signal);
      url = asset.contents?.asset;
      if (!url) throw failure('SourceUnreadable', `${nameOf(asset)}: the provider gives no URL of its content`);
      if (!isSameContent(before, asset)) await rm(partial, { force: true });
    }
    const current = url;
    const read = await outcomeOf(() =>
      retryBriefly(() => {
        const begin = isFirst ? 'new' : 'left';
        isFirst = false;
        return unlessExpired(readOn({ partial, begin }, asset, current, fetching));
      }, signal),
    );
    if (read.ok && read.value) {
      const { size, hash } = read.value;
      if (size === (asset.sizeBytes ?? size) && (hash?.isSame() ?? true)) return size;
      await rm(partial, { force: true });
      if (++freshStarts > 1) throw failure('SourceUnreadable', `${nameOf(asset)}: ${OTHER_CONTENT}`);
    } else {
      const size = (await statOf(partial))?.size ?? 0;
      freshStarts = size > furthest ? 0 : freshStarts + 1;
      furthest = Math.max(furthest, size);
      if (!read.ok && (freshStarts > 0 || !isRetryable(read.error))) throw read.error;
      if (freshStarts > MAX_FRESH_URLS) throw failure('UploadExpired', `${nameOf(asset)}: ${ALWAYS_REFUSED}`);
    }
    url = undefined;
  }
}

const ALWAYS_REFUSED = 'its URLs are refused, also fresh ones; compare the clocks, and look at the store';
const OTHER_CONTENT = 'other content came, twice, than the provider says; look for a proxy on the way that changes it';

const isRetryable = (error: unknown): boolean => {
  const type = failureType(error);
  return type !== undefined && FAILURES[type].retry;
};

/** The result of a read; `undefined` if its URL was refused, so that another one is needed. */
async function unlessExpired<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (failureType(error) === 'UploadExpired') return undefined;
    throw error;
  }
}

const nameOf = ({ id, filename = '' }: ProviderAsset): string => `asset ${id} (${filename})`;

const usable = (url: SignedUrl | undefined): SignedUrl | undefined =>
  url && Date.parse(url.expiresAt) > Date.now() + MARGIN_MS ? url : undefined;

const isSameContent = (one: ProviderAsset, other: ProviderAsset): boolean =>
  one.sizeBytes === other.sizeBytes && one.hash?.contents === other.hash?.contents;

/** Tells an error of the disk from one of the connection. */
class DiskTrouble extends Error {}

const isTroubleOfDisk = (cause: unknown): never => {
  throw new DiskTrouble('the disk took no more', { cause });
};

/** Reads the content from where the file ends. The hash is of the whole. */
async function readOn(
  { partial, begin }: { partial: string; begin: 'new' | 'left' },
  asset: ProviderAsset,
  url: SignedUrl,
  { assets, signal, onBytes }: Fetching,
) {
  const handle = await (begin === 'new' ? open(partial, 'wx+') : openPartial(partial));
  try {
    const left = begin === 'new' ? 0 : (await handle.stat()).size;
    let size = left >= (asset.sizeBytes ?? 0) ? 0 : left; // else there is nothing to go on with
    const { start, bytes } = await assets.open(url, { start: size, signal });
    if (left > start) await handle.truncate(start);
    const hash = runningHash(asset.hash);
    if (start > 0) await hashBegin(handle, start, hash);
    size = start;
    try {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        await writeAll(handle, chunk).catch(isTroubleOfDisk);
        hash?.update(chunk);
        size += chunk.byteLength;
        onBytes(chunk.byteLength);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DiskTrouble) throw error.cause;
      throw failure('ProviderUnavailable', `${nameOf(asset)}: the download broke off (${(error as Error).message})`);
    }
    return { size, hash };
  } finally {
    await handle.close();
  }
}

/** A write may take a part only. */
async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) at += (await handle.write(chunk, at)).bytesWritten;
}

/** Positioned at its end only by what is written; `a+` would put every write there. */
async function openPartial(partial: string): Promise<FileHandle> {
  const there = await statOf(partial);
  if (there && !there.isFile()) await rm(partial, { recursive: true });
  return open(partial, there?.isFile() ? 'r+' : 'wx+');
}

/** Reads what an earlier try left, which also moves the handle to its end. */
async function hashBegin(handle: FileHandle, length: number, hash: RunningHash | undefined): Promise<void> {
  const buffer = Buffer.allocUnsafe(1024 ** 2);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.byteLength, length - at), null);
    if (bytesRead === 0) return;
    hash?.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** A file that came meanwhile is not replaced, unless that was asked for. @returns false if there is one */
async function putInPlace(partial: string, file: string, overwrite: boolean): Promise<boolean> {
  let isPlaced = true;
  try {
    if (overwrite) await rename(partial, file);
    else await link(partial, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (overwrite || (code !== 'EEXIST' && !NO_LINKS.has(code))) throw error;
    isPlaced = code !== 'EEXIST';
    if (isPlaced) await rename(partial, file);
  }
  if (!overwrite) await rm(partial, { force: true });
  return isPlaced;
}

/** What file systems without hard links answer. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function statOf(file: string): Promise<Stats | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
