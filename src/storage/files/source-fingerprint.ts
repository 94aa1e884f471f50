/** Facts that show later whether a file is still the same. */
export interface FileFacts {
  sizeBytes: number;
  mtimeNs: bigint;
  inode: bigint;
  /** SHA-256 over a sample of the content, where it was taken. */
  sample?: string;
}

/**
 * A file's facts in one line of at most about 140 characters, the same on every worker that sees the same file:
 * `size=10 mtime=1754000000123456789 inode=42 sample=<SHA-256, base64url>`.
 */
export const fileFingerprint = ({ sizeBytes, mtimeNs, inode, sample = '' }: FileFacts): string =>
  `size=${sizeBytes} mtime=${mtimeNs} inode=${inode} sample=${sample}`;

const FILE_FINGERPRINT = /^size=(\d+) mtime=(-?\d+) inode=(\d+) sample=([\w-]*)$/;

/**
 * Words for the difference of two fingerprints, to follow "changed: "; `undefined` if they are equal. Of several
 * changes it names the most telling one. For sources that are no files it only says that they differ.
 */
export function whatChanged(before: string, now: string): string | undefined {
  if (before === now) return undefined;
  const was = parsed(before);
  const is = parsed(now);
  return was && is ? changeOf(was, is) : 'its content';
}

/**
 * Words for the difference of two files. Samples are compared only if both were taken. With equal samples a new
 * inode is no change: a network file system gives new ones after a mount.
 */
export function changeOf(was: FileFacts, is: FileFacts): string | undefined {
  if (was.sizeBytes !== is.sizeBytes) return `its size, from ${was.sizeBytes} to ${is.sizeBytes} bytes`;
  const sampled = was.sample !== undefined && is.sample !== undefined && was.sample !== '' && is.sample !== '';
  if (sampled && was.sample !== is.sample) return 'its content';
  const moved = was.inode !== is.inode;
  const touched = !sameTime(was.mtimeNs, is.mtimeNs);
  if (moved && (touched || !sampled)) return 'its inode: another file took its place';
  return touched ? 'its modification time' : undefined;
}

/** File systems keep times in these units; a cache may know a time more finely than the disk does. */
const UNITS_NS = [100n, 1000n, 1_000_000n, 1_000_000_000n];

/** True if one time is the other, cut to a coarser unit. */
function sameTime(one: bigint, other: bigint): boolean {
  if (one === other) return true;
  return UNITS_NS.some((unit) => {
    const [fine, coarse] = one % unit === 0n ? [other, one] : [one, other];
    return coarse % unit === 0n && fine % unit !== 0n && fine - (fine % unit) === coarse;
  });
}

function parsed(fingerprint: string): FileFacts | undefined {
  const [, size, mtime, inode, sample] = FILE_FINGERPRINT.exec(fingerprint) ?? [];
  if (size === undefined || mtime === undefined || inode === undefined) return undefined;
  return { sizeBytes: Number(size), mtimeNs: BigInt(mtime), inode: BigInt(inode), sample };
}
