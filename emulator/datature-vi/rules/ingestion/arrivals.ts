import type { Arrival, ContentRecord, IngestionCode, SessionFile } from '../../store/records';
import type { Emulation } from '../emulation';
import { HEAD_BYTES, looksLike } from '../formats';
import { readerOf, type StoredBytes } from '../media/contents';

const BYTES_PER_MEGABYTE = 1_000_000;

/** Bytes that came in for a file. */
export interface Received extends StoredBytes {
  sha256: string;
  /** Signed. */
  crc32c: number;
}

/** Looks at what came in: whether it is what the session was told of, and what picture it has. */
export async function arrivalOf(emulation: Emulation, file: SessionFile, received: Received): Promise<Arrival> {
  const { id, sizeBytes, files, sha256 } = received;
  const content: ContentRecord = { id, sizeBytes, files, sha256 };
  const looked = await lookAt(emulation, file, received);
  const { baseMs, msPerMegabyte } = emulation.settings.processing;
  const at = emulation.clock.now();
  return { at, readyAt: at + baseMs + (sizeBytes / BYTES_PER_MEGABYTE) * msPerMegabyte, content, ...looked };
}

async function lookAt(
  emulation: Emulation,
  { kind, mime, size, crc32c }: SessionFile,
  received: Received,
): Promise<Pick<Arrival, 'picture' | 'problem'>> {
  const refused = (problem: IngestionCode) => ({ problem });
  const { sizeBytes } = received;
  if (sizeBytes !== size) return refused('EBADSIZE');
  if (crc32c !== null && crc32c !== received.crc32c) return refused('ECORRUPT');
  const read = readerOf(emulation, received);
  const head = Buffer.from(await read(Math.min(HEAD_BYTES, sizeBytes), 0));
  if (!looksLike(mime, head)) return refused('EBADMIME');
  const picture = await emulation.look.pictureIn(kind, mime, read, sizeBytes);
  return picture ? { picture } : refused('ECORRUPT');
}

/** A file may still get its bytes: its session goes on, and it has come to nothing yet. */
export const isAwaited = (session: { ended?: unknown }, file: SessionFile): boolean => !session.ended && !file.outcome;
