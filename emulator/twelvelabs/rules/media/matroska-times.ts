import type { ReadAt } from '../../../shared/media/media-info';
import { FileWindow } from './file-window';

/** Elements that are entered, because they hold others. All others are skipped. */
const ENTERED = new Set([
  0x18538067 /* Segment */, 0x1549a966 /* Info */, 0x1f43b675 /* Cluster */, 0xa0 /* BlockGroup */,
]);
const TIMESTAMP_SCALE = 0x2ad7b1;
const CLUSTER_TIMESTAMP = 0xe7;
const BLOCKS = new Set([0xa3 /* SimpleBlock */, 0xa1 /* Block */]);
/** Most bytes that an element's id and length take, and those of a block's track and time. */
const HEAD_BYTES = 12;
const BLOCK_HEAD_BYTES = 10;

/** The times of the last two blocks that differ, in milliseconds. Clusters may be of unknown length. */
export async function timesOfMatroska(read: ReadAt, sizeBytes: number): Promise<{ last?: number; before?: number }> {
  const window = new FileWindow(read, sizeBytes);
  let scaleNs = 1_000_000;
  let clusterTime = 0;
  let at = 0;
  let times: { last?: number; before?: number } = {};
  while (at < sizeBytes) {
    const head = headOf(await window.bytes(at, HEAD_BYTES));
    if (!head) break;
    const bodyAt = at + head.bytes;
    if (ENTERED.has(head.id)) {
      at = bodyAt;
      continue;
    }
    if (head.id === TIMESTAMP_SCALE) scaleNs = uintOf(await window.bytes(bodyAt, head.length));
    else if (head.id === CLUSTER_TIMESTAMP) clusterTime = uintOf(await window.bytes(bodyAt, head.length));
    else if (BLOCKS.has(head.id)) {
      const time = ((clusterTime + timeInCluster(await window.bytes(bodyAt, BLOCK_HEAD_BYTES))) * scaleNs) / 1_000_000;
      if (times.last === undefined || time > times.last) times = { last: time, before: times.last };
    }
    at = bodyAt + head.length;
  }
  return times;
}

interface Head {
  id: number;
  length: number;
  /** Of id and length themselves. */
  bytes: number;
}

function headOf(bytes: Uint8Array): Head | undefined {
  const idBytes = vintBytes(bytes[0]);
  const lengthBytes = vintBytes(bytes[idBytes]);
  if (idBytes > 4 || lengthBytes > 8 || bytes.length < idBytes + lengthBytes) return undefined;
  const length = uintOf(bytes.subarray(idBytes, idBytes + lengthBytes)) - 2 ** (7 * lengthBytes);
  return { id: uintOf(bytes.subarray(0, idBytes)), length, bytes: idBytes + lengthBytes };
}

/** The position of the first set bit is the number of bytes. */
const vintBytes = (first = 0): number => Math.clz32(first) - 23;

const uintOf = (bytes: Uint8Array): number => bytes.reduce((value, byte) => value * 256 + byte, 0);

/** A signed number of two bytes behind the number of the track. */
function timeInCluster(block: Uint8Array): number {
  const at = vintBytes(block[0]);
  const value = uintOf(block.subarray(at, at + 2));
  return value < 0x8000 ? value : value - 0x10000;
}
