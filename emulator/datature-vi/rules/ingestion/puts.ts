import type { IncomingHttpHeaders } from 'node:http';
import type { TakePart } from '../../../shared/parts/part-store';
import { ApiError } from '../../../shared/server/api-error';
import type { SessionFile, SessionRecord } from '../../store/records';
import type { Emulation } from '../emulation';
import { Digests } from '../media/contents';
import { checkSigned, type Signed } from '../signed-urls';
import { arrivalOf, isAwaited } from './arrivals';
import { settle } from './settle';
import { uploadHeaders } from './views';

/** Looks at the head of a request that puts a file. @throws ApiError as an object store refuses it */
export function admitFile(
  emulation: Emulation,
  signed: Signed & { signature: string },
  headers: IncomingHttpHeaders,
): TakePart {
  checkSigned(emulation, signed);
  const [sessionId, at] = signed.path;
  const session = emulation.store.sessions.get(sessionId);
  const file = session?.files[at];
  if (!session || !file) throw new ApiError(404, 'NoSuchUpload', 'The session is gone.');
  if (headers['content-length'] === undefined) {
    throw new ApiError(411, 'MissingContentLength', 'The length of the content must be told.');
  }
  checkHeaders(file, headers);
  settle(emulation, session);
  if (session.ended?.reason === 'Cancelled') throw new ApiError(403, 'AccessDenied', 'The session was cancelled.');
  return (body, onBytes) => take(emulation, { session, file }, body, onBytes);
}

/** They are part of what was signed. */
function checkHeaders(file: SessionFile, headers: IncomingHttpHeaders): void {
  for (const [name, value] of Object.entries(uploadHeaders(file))) {
    if (headers[name.toLowerCase()] === value) continue;
    throw new ApiError(403, 'SignatureDoesNotMatch', `The header ${name} is not the one that was signed.`);
  }
}

async function take(
  emulation: Emulation,
  { session, file }: { session: SessionRecord; file: SessionFile },
  ...[body, onBytes]: Parameters<TakePart>
): ReturnType<TakePart> {
  const { files, store } = emulation;
  const id = store.newId();
  const digests = new Digests();
  let sizeBytes = 0;
  await files.take(body, { uploadId: id, name: 'whole', algorithms: [] }, (count, chunk) => {
    onBytes(count);
    sizeBytes += count;
    digests.update(chunk);
  });
  const received = { id, sizeBytes, files: [{ name: 'whole', sizeBytes }], ...digests.end() };
  const arrival = await arrivalOf(emulation, file, received);
  return {
    discard: () => files.discard(id),
    commit: () => {
      settle(emulation, session);
      if (isAwaited(session, file)) {
        if (file.arrival) files.discard(file.arrival.content.id);
        file.arrival = { ...arrival, ...timesFrom(emulation, arrival) };
      } else files.discard(id); // what came again is not needed: its file is done
      settle(emulation, session);
      store.changed();
      return { etag: `"${received.sha256.slice(0, 32)}"` };
    },
  };
}

/** A fault may let the bytes take their place later than they came. */
function timesFrom({ clock }: Emulation, { at, readyAt }: { at: number; readyAt: number }) {
  const now = clock.now();
  return { at: now, readyAt: now + (readyAt - at) };
}
