import { setMaxListeners } from 'node:events';
import { failure, failureType } from '../../../contracts/failures';
import type { FileToIngest } from '../../ingestions';
import { outcomeOf } from '../../outcome';
import { contentFacts } from '../intake/content-facts';
import { formatOf } from '../intake/formats';
import { routeOf } from '../intake/route';
import type { Sendable } from '../intake/send-files';
import type { UploadStates } from './upload-states';

/** A file that is to go up, and what is known of it. */
export interface Outbound extends Sendable {
  file: FileToIngest;
}

/** Files whose content is read at once. */
const READERS = 8;

/** @throws InvalidRequest */
export function refuseSameNames(files: readonly FileToIngest[]): void {
  const seen = new Set<string>();
  for (const { filename } of files) {
    if (seen.has(filename)) {
      throw failure('InvalidRequest', `files: "${filename}" is there twice; a name is that of one asset`);
    }
    seen.add(filename);
  }
}

/** The value, if it is one of those. @throws InvalidRequest that names them */
export function oneOf<T extends string>(known: readonly T[], field: string, given: string): T {
  const found = known.find((one) => one === given);
  if (found !== undefined) return found;
  throw failure('InvalidRequest', `${field}: must be ${known.join(' or ')}, not "${given}"`);
}

/**
 * Reads the content of each file once, for its checksum. One that cannot go up fails alone.
 * @param stops `stopping` keeps a file from being sent as `signal` does, and does not end the upload.
 * @throws the signal's reason
 */
export async function readFiles(
  files: readonly FileToIngest[],
  states: UploadStates,
  { signal, stopping }: { signal: AbortSignal | undefined; stopping: AbortSignal },
): Promise<Outbound[]> {
  const whileSent = signal ? AbortSignal.any([signal, stopping]) : stopping;
  setMaxListeners(0, whileSent); // each file that is being sent listens
  const outbound: Outbound[] = [];
  const waiting = [...files.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [at, file] = next;
      const read = await outcomeOf(() => outboundOf(at, file, signal));
      signal?.throwIfAborted();
      if (read.ok) outbound.push({ ...read.value, signal: whileSent });
      else states.fail(at, read.error, codeOf(file, read.error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(READERS, files.length) }, lane));
  return outbound.toSorted((one, other) => one.at - other.at);
}

async function outboundOf(at: number, file: FileToIngest, signal: AbortSignal | undefined): Promise<Outbound> {
  const { filename, bytes } = file;
  const { sizeBytes } = bytes;
  const route = routeOf({ filename, source: 'file', sizeBytes, method: 'auto', field: 'files' });
  const format = formatOf(filename);
  if (!format || route === 'url') throw failure('InvalidRequest', `${filename}: is no file that the provider takes`);
  const item = { filename, content: { route, bytes } };
  return { ...{ at, file, item, format, signal }, facts: await contentFacts(bytes, signal) };
}

/** The code that the provider would give to a file that was refused before it was sent. */
function codeOf({ filename, bytes }: FileToIngest, error: unknown): string | undefined {
  if (!formatOf(filename)) return 'EBADMIME';
  return bytes.sizeBytes === 0 || failureType(error) === 'PayloadTooLarge' ? 'EBADSIZE' : undefined;
}
