import type { ReadAt } from '../../../shared/media/media-info';
import { FileWindow } from './file-window';
import { timesOfMatroska } from './matroska-times';

/** How to measure a file that stores no duration, by the format that MediaInfo names. */
const MEASURES: Record<string, (read: ReadAt, sizeBytes: number) => Promise<number | undefined>> = {
  WebM: durationOfMatroska,
  Matroska: durationOfMatroska,
  ADTS: durationOfAdts,
};

/**
 * Seconds of media whose file does not say how long it is, as recorders and browsers write it.
 * @returns undefined when the format stores its duration elsewhere, or nothing in it can be read.
 */
export async function measuredDuration(
  format: string | undefined,
  read: ReadAt,
  sizeBytes: number,
): Promise<number | undefined> {
  return MEASURES[format ?? '']?.(read, sizeBytes);
}

/** To the end of the last block, which is taken to be as long as the one before it. */
async function durationOfMatroska(read: ReadAt, sizeBytes: number): Promise<number | undefined> {
  const { last, before } = await timesOfMatroska(read, sizeBytes);
  return last === undefined ? undefined : (last + (last - (before ?? last))) / 1000;
}

const SAMPLES_A_FRAME = 1024;
const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];
const HEADER_BYTES = 7;

/** Every frame has the same number of samples; their headers are walked through. */
async function durationOfAdts(read: ReadAt, sizeBytes: number): Promise<number | undefined> {
  let frames = 0;
  let at = 0;
  let rate = 0;
  const window = new FileWindow(read, sizeBytes);
  while (at + HEADER_BYTES <= sizeBytes) {
    const header = await window.bytes(at, HEADER_BYTES);
    const [sync = 0, more = 0, form = 0, high = 0, middle = 0, low = 0, blocks = 0] = header;
    const length = ((high & 3) << 11) | (middle << 3) | (low >> 5);
    if (sync !== 0xff || (more & 0xf6) !== 0xf0 || length < HEADER_BYTES) break;
    rate = SAMPLE_RATES[(form >> 2) & 15] ?? 0;
    frames += 1 + (blocks & 3);
    at += length;
  }
  return rate === 0 ? undefined : (frames * SAMPLES_A_FRAME) / rate;
}
