import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { TakePart } from '../../../shared/parts/part-store';
import { ApiError } from '../../../shared/server/api-error';
import type { MultipartRecord } from '../../store/records';
import type { Emulation } from '../emulation';
import { invalid, parse } from '../errors';
import { arrivalOf, isAwaited } from '../ingestion/arrivals';
import { settle } from '../ingestion/settle';
import { Digests, readContent } from '../media/contents';
import { checkSigned, type Signed } from '../signed-urls';
import { fileOf, refuseEnded } from './multipart';

/** Looks at the head of a request that puts a part; its length need not be told. @throws ApiError */
export function admitPart(emulation: Emulation, signed: Signed & { signature: string }): TakePart {
  checkSigned(emulation, signed);
  const { store, files } = emulation;
  const [id, number] = signed.path;
  const multipart = store.multiparts.get(id);
  if (!multipart) throw new ApiError(404, 'NoSuchUpload', 'The upload does not exist.');
  refuseEnded(emulation, multipart);
  return async (body, onBytes) => {
    const name = `${number}-${store.newId()}`;
    let sizeBytes = 0;
    const { md5 = '' } = await files.take(body, { uploadId: id, name, algorithms: ['md5'] }, (count) => {
      sizeBytes += count;
      onBytes(count);
    });
    return {
      discard: () => files.discard(id, name),
      commit: () => {
        refuseEnded(emulation, multipart);
        const before = multipart.parts[number];
        if (before) files.discard(id, before.name);
        multipart.parts[number] = { name, sizeBytes, etag: `"${md5}"`, reported: false };
        store.changed();
        return { etag: `"${md5}"` };
      },
    };
  };
}

const ReportSchema = z.object({
  responseHeaders: z.record(z.string(), z.string()),
  responseBody: z.string().nullish(),
});

/** @throws ApiError 400 when the part is not there, or another one was meant */
export function reportPart(multipart: MultipartRecord, number: number, body: unknown): void {
  const { responseHeaders } = parse(ReportSchema, body);
  const told = Object.entries(responseHeaders).find(([name]) => name.toLowerCase() === 'etag')?.[1];
  const part = multipart.parts[number];
  if (!part) throw invalid(`Part ${number} was not received.`);
  if (told !== part.etag) throw invalid(`responseHeaders.ETag: is not that of part ${number}.`);
  part.reported = true;
}

/** How long a completion waits for the look at the bytes; a longer one goes on by itself. */
const LOOK_MS = 500;

/** The parts become the bytes of the file. Done before: nothing happens. */
export async function completeMultipart(emulation: Emulation, multipart: MultipartRecord): Promise<void> {
  if (multipart.completedAt !== undefined) return;
  refuseEnded(emulation, multipart);
  for (let number = 1; number <= multipart.partCount; number++) {
    if (!multipart.parts[number]?.reported) throw invalid(`Part ${number} was not completed.`);
  }
  multipart.completedAt = emulation.clock.now();
  const done = new AbortController();
  const looked = lookAtParts(emulation, multipart).finally(() => done.abort());
  await Promise.race([looked, delay(LOOK_MS, undefined, { signal: done.signal }).catch(() => {})]);
}

/** Also after a restart in the middle of it. */
export function lookAtParts(emulation: Emulation, multipart: MultipartRecord): Promise<void> {
  return emulation.background.start(multipart.id, async (signal) => {
    const { session, file } = fileOf(emulation, multipart);
    const files = Object.keys(multipart.parts)
      .map(Number)
      .toSorted((one, other) => one - other)
      .flatMap((number) => multipart.parts[number] ?? [])
      .map(({ name, sizeBytes }) => ({ name, sizeBytes }));
    const stored = { id: multipart.id, files, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
    const digests = new Digests();
    try {
      for await (const chunk of readContent(emulation, stored, 0, stored.sizeBytes - 1) as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        digests.update(chunk);
      }
      const arrival = await arrivalOf(emulation, file, { ...stored, ...digests.end() });
      if (isAwaited(session, file)) file.arrival = arrival;
    } catch (error) {
      if (!signal.aborted) process.emitWarning(`an upload could not be looked at: ${String(error)}`);
      return;
    }
    settle(emulation, session);
    emulation.store.changed();
  });
}
