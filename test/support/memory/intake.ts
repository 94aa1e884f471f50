import { createHash } from 'node:crypto';
import { failure } from '../../../src/contracts/failures';
import { carriesTag, tagFields } from '../../../src/contracts/resource';
import type { Intake, ItemFacts, Route, Submission, Submitted } from '../../../src/providers/intake';
import { outcomeOf, SubmissionAborted, type Outcome } from '../../../src/providers/outcome';
import { PartRefused, type PartUploads, type PartUrl } from '../../../src/providers/part-uploads';
import type { SourceBytes } from '../../../src/storage/files/source-bytes';
import { gone, type MemorySession, type MemoryState } from './state';

export const WHOLE_LIMIT_BYTES = 1000;
export const URL_LIMIT_BYTES = 2000;
export const PARTS_LIMIT_BYTES = 5000;
export const PART_BYTES = 100;

/** Files up to 1000 bytes go whole, larger ones up to 5000 in parts; objects up to 2000 by their URL. */
function route({ filename, source, noUrlBecause, sizeBytes = 0, method, field }: ItemFacts): Route {
  if (source === 'url') return 'url';
  const byUrl = source === 'object';
  const limit = byUrl ? (noUrlBecause === undefined ? URL_LIMIT_BYTES : 0) : WHOLE_LIMIT_BYTES;
  if (byUrl && noUrlBecause !== undefined && method === 'direct') {
    throw failure('InvalidRequest', `${field}: ${filename}: ${noUrlBecause}`);
  }
  if (method !== 'multipart' && sizeBytes <= limit) return byUrl ? 'url' : 'whole';
  const largest = method === 'direct' ? limit : PARTS_LIMIT_BYTES;
  if (sizeBytes <= largest) return 'parts';
  const ways = method === 'direct' ? (byUrl ? 'of URLs ' : '') : 'of uploads in parts ';
  const why = `the limit ${ways}is ${largest} bytes`;
  throw failure('PayloadTooLarge', `${field}: ${filename} has ${sizeBytes} bytes; ${why}`);
}

interface BodyOptions {
  signal?: AbortSignal;
  onBytes: (sentBytes: number) => void;
}

/** Reads a body to its end, as a request would send it. */
async function bodyOf(bytes: SourceBytes, { signal, onBytes }: BodyOptions): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sentBytes = 0;
  for await (const piece of bytes.read() as AsyncIterable<Buffer>) {
    if (signal?.aborted) throw new SubmissionAborted(`${bytes.filename}: aborted while it was sent`);
    pieces.push(Buffer.from(piece));
    onBytes((sentBytes += piece.byteLength));
  }
  return Buffer.concat(pieces);
}

const urlOf = (sessionId: string, part: number): PartUrl => ({
  part,
  url: `memory://${sessionId}/${part}?once=${Math.random()}`,
  expiresAt: Date.now() + 3_600_000,
});

export function memoryIntake(state: MemoryState): Intake {
  const create = ({ content, filename, metadata, tag }: Submission, body: Buffer | undefined): Submitted => {
    if (filename === '') throw failure('ProviderRejected', 'filename: must not be empty');
    if (content.route !== 'url' && content.bytes.sizeBytes > PARTS_LIMIT_BYTES) {
      throw failure('PayloadTooLarge', `${filename} has ${content.bytes.sizeBytes} bytes`);
    }
    const sizeBytes = content.route === 'url' ? undefined : content.bytes.sizeBytes;
    const asset = state.addAsset({ filename, sizeBytes, metadata: { ...metadata, ...tagFields(tag) } });
    if (body) state.contents.set(asset.id, body);
    return content.route === 'parts' ? open(asset.id, content.bytes.sizeBytes) : { asset };
  };
  const submitOne = async (item: Submission, options: BodyOptions): Promise<Submitted> => {
    if (options.signal?.aborted) throw new SubmissionAborted(`${item.filename} was not sent`);
    const body = item.content.route === 'whole' ? await bodyOf(item.content.bytes, options) : undefined;
    return state.call('intake.submit of one', undefined, () => create(item, body));
  };
  const open = (assetId: string, sizeBytes: number): Submitted => {
    const sessionId = state.nextId('session');
    const totalParts = Math.ceil(sizeBytes / PART_BYTES);
    const urls = Array.from({ length: Math.min(totalParts, 5) }, (_, at) => urlOf(sessionId, at + 1));
    state.sessions.set(sessionId, {
      ...{ assetId, sizeBytes, createdAt: new Date().toISOString(), state: 'active' },
      ...{ stored: new Map(), reported: new Set(), urls: new Set(urls.map(({ url }) => url)) },
    });
    return { upload: { sessionId, assetId, partBytes: PART_BYTES, totalParts, urls, headers: {} } };
  };
  return {
    route,
    submit: async (items, { signal, onProgress } = {}) => {
      state.calls.push('intake.submit');
      const outcomes: Outcome<Submitted>[] = [];
      for (const [index, item] of items.entries()) {
        const onBytes = (sentBytes: number): void => onProgress?.(index, sentBytes);
        outcomes.push(await outcomeOf(() => submitOne(item, { signal, onBytes })));
      }
      return outcomes;
    },
    find: (queries, { signal } = {}) =>
      state.call('intake.find', signal, () =>
        queries.map(({ tag, filename, since }) =>
          [...state.held.values()].filter(
            (asset) =>
              carriesTag(asset.metadata, tag) &&
              (filename === undefined || asset.filename === filename) &&
              (since === undefined || Date.parse(asset.createdAt ?? '') >= Date.parse(since) - 300_000),
          ),
        ),
      ),
    parts: memoryParts(state),
  };
}

function memoryParts(state: MemoryState): PartUploads {
  const session = (id: string): MemorySession => state.sessions.get(id) ?? gone(id);
  const partBytes = ({ sizeBytes }: MemorySession, part: number): number =>
    Math.min(PART_BYTES, sizeBytes - (part - 1) * PART_BYTES);
  return {
    urlsPerRequest: 10,
    partsPerReport: 10,
    state: (id, { signal } = {}) =>
      state.call('parts.state', signal, () => ({ state: session(id).state, reported: new Set(session(id).reported) })),
    urls: (id, { first, count }, { signal } = {}) =>
      state.call('parts.urls', signal, () => {
        const { urls } = session(id);
        const fresh = Array.from({ length: count }, (_, at) => urlOf(id, first + at));
        for (const { url } of fresh) urls.add(url);
        return fresh;
      }),
    report: (id, parts, { signal } = {}) =>
      state.call('parts.report', signal, () => {
        const one = session(id);
        for (const { part, etag, sizeBytes } of parts) {
          const kept = one.stored.get(part);
          if (kept?.etag !== etag || kept.bytes.byteLength !== sizeBytes) {
            throw failure('ProviderRejected', `part ${part} is not in the store`);
          }
          one.reported.add(part);
        }
        if (one.reported.size < Math.ceil(one.sizeBytes / PART_BYTES)) return;
        one.state = 'completed';
        const inOrder = [...one.stored].toSorted(([a], [b]) => a - b).map(([, { bytes }]) => bytes);
        state.contents.set(one.assetId, Buffer.concat(inOrder));
      }),
    incomplete: async () =>
      [...state.sessions.values()]
        .filter((one) => one.state === 'active')
        .map(({ sizeBytes, createdAt }) => ({ sizeBytes, createdAt }))
        .toReversed(),
    put: ({ part, url }, bytes, { md5, signal }) =>
      state.call('parts.put', signal, () => {
        const one = session(new URL(url).host);
        if (one.state !== 'active') throw new PartRefused('gone', `part ${part}: the session has ended`);
        if (!one.urls.delete(url)) throw new PartRefused('stale', `part ${part}: its URL was used, or has expired`);
        const etag = createHash('md5').update(bytes).digest('hex');
        if (etag !== md5) throw new PartRefused('damaged', `part ${part}: other bytes than were sent`);
        if (bytes.byteLength !== partBytes(one, part)) throw failure('ProviderRejected', `part ${part}: wrong size`);
        one.stored.set(part, { etag, bytes: Buffer.from(bytes) }); // the lanes use their buffers again
        return etag;
      }),
  };
}
