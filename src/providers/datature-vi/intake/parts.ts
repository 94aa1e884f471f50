import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { FAILURES, failureType } from '../../../contracts/failures';
import {
  PartRefused,
  type OpenedParts,
  type PartStream,
  type PartUploads,
  type PartUrl,
  type UploadState,
} from '../../part-uploads';
import { unlessGone, type CallOptions } from '../../outcome';
import { SOURCE, type DatasetApi } from '../api/dataset-api';
import { MultipartUploadSchema, PartUploadSchema, type PartUploadAnswer } from '../api/schemas';
import { expiryMs, UrlRefused, type SignedUrls, type Stored } from '../api/signed-urls';
import { hasEnded, type SessionsApi } from './sessions-api';

const ROUTE = `${SOURCE}/multipartUploads`;

interface LargeFile {
  filename: string;
  contentType: string;
  sizeBytes: number;
}

/** What this process knows of a multipart upload. The provider has no call that tells. */
interface Known {
  filename?: string;
  reported: Set<number>;
  state: UploadState['state'];
  /** Its completion was asked for. */
  completing?: boolean;
}

/** The ids that the requests about a multipart upload need, as one. */
interface Ids {
  sessionId: string;
  uploadId: string;
  totalParts: number;
}

const joined = ({ sessionId, uploadId, totalParts }: Ids): string =>
  [sessionId, encodeURIComponent(uploadId), totalParts].join('/');

function idsIn(text: string): Ids {
  const [sessionId = '', uploadId = '', totalParts = '0'] = text.split('/');
  return { sessionId, uploadId: decodeURIComponent(uploadId), totalParts: Number(totalParts) };
}

/** Multipart uploads of large files. Source: the operations named below. */
export class MultipartUploads implements PartUploads {
  /** Each part is asked for by itself. */
  readonly urlsPerRequest = 4;
  readonly partsPerReport = 4;
  private readonly known = new Map<string, Known>();
  /** What the answer with a URL asked for, by the URL. */
  private readonly wanted = new Map<string, { id: string; answer: PartUploadAnswer }>();

  constructor(
    private readonly dataset: DatasetApi,
    private readonly sessions: SessionsApi,
    private readonly store: SignedUrls,
  ) {}

  /** Source: `POST …/multipartUploads`. */
  async open(
    { sessionId, ingestionId }: { sessionId: string; ingestionId: string },
    { filename, contentType, sizeBytes }: LargeFile,
  ): Promise<OpenedParts> {
    const spec = { ingestionId, filename, contentType, sizeBytes };
    const request = { method: 'POST', route: ROUTE, json: { spec }, about: filename } as const;
    const { multipartUploadId, status } = await this.dataset.call(request, MultipartUploadSchema);
    const { partCount: totalParts } = status;
    const id = joined({ sessionId, uploadId: multipartUploadId, totalParts });
    this.known.set(id, { filename, reported: new Set(), state: 'active' });
    return { sessionId: id, partBytes: Math.floor(sizeBytes / totalParts), totalParts, urls: [], headers: {} };
  }

  /** Of an upload that another process opened, nothing is known but that its session is open: all parts are sent again. */
  async state(id: string): Promise<UploadState> {
    const known = this.known.get(id);
    if (known) return { state: known.state, reported: new Set(known.reported) };
    const session = await this.sessions.get(idsIn(id).sessionId);
    const fresh: Known = { reported: new Set(), state: hasEnded(session) ? 'failed' : 'active' };
    this.known.set(id, fresh);
    return { state: fresh.state, reported: new Set() };
  }

  /** Source: `POST …/multipartUploads/{id}/parts/{n}`. */
  async urls(
    id: string,
    { first, count }: { first: number; count: number },
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<PartUrl[]> {
    const parts = Array.from({ length: count }, (_, at) => first + at);
    return Promise.all(
      parts.map(async (part) => {
        signal?.throwIfAborted();
        const answer = await this.orRefused(id, part, () =>
          this.dataset.call({ ...this.about(id, `/parts/${part}`, '/parts/{n}'), json: {} }, PartUploadSchema),
        );
        this.wanted.set(answer.url, { id, answer });
        return { part, url: answer.url, expiresAt: expiryMs(answer.expiry) };
      }),
    );
  }

  put(target: PartUrl, bytes: Buffer, { md5, signal }: Parameters<PartUploads['put']>[2]): Promise<string> {
    const read = () => Readable.from([bytes]);
    return this.send(target, { read, sizeBytes: bytes.byteLength }, { md5: () => md5, signal });
  }

  readonly stream = (target: PartUrl, { read, sizeBytes }: PartStream, { signal }: CallOptions): Promise<string> => {
    let hash = createHash('md5');
    const hashed = async function* () {
      hash = createHash('md5');
      for await (const chunk of read() as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    };
    const part = { read: () => Readable.from(hashed(), { objectMode: false }), sizeBytes };
    return this.send(target, part, { md5: () => hash.digest('hex'), signal });
  };

  /** @returns the proof that the store took the part: what a report is to hold */
  private async send(
    target: PartUrl,
    content: PartStream,
    { md5, signal }: { md5: () => string; signal?: AbortSignal },
  ): Promise<string> {
    const words = `part ${target.part}`;
    const { id, answer } = this.wanted.get(target.url) ?? {};
    if (id === undefined || !answer)
      throw new PartRefused('stale', `PUT ${words}: its URL was used, or is of another process`);
    this.wanted.delete(target.url);
    try {
      const stored = await this.store.put(answer, { ...content, words, signal });
      return proofOf(answer, stored, { md5: md5(), words });
    } catch (error) {
      if (!(error instanceof UrlRefused)) throw error;
      if (![404, 409, 410].includes(error.status)) throw new PartRefused('stale', error.message);
      this.known.set(id, { reported: new Set(), state: 'failed' });
      throw new PartRefused('gone', error.message);
    }
  }

  /** Source: `POST …/multipartUploads/{id}/parts/{n}/completion`; after the last, `POST …/{id}/completion`. */
  async report(id: string, parts: Parameters<PartUploads['report']>[1]): Promise<void> {
    const known = this.known.get(id) ?? { reported: new Set<number>(), state: 'active' };
    this.known.set(id, known);
    await Promise.all(
      parts.map(async ({ part, etag: proof }) => {
        const json: unknown = JSON.parse(proof);
        const request = { ...this.about(id, `/parts/${part}/completion`, '/parts/{n}/completion'), json };
        await this.orRefused(id, part, () => this.dataset.callVoid(request));
        known.reported.add(part);
      }),
    );
    if (known.reported.size < idsIn(id).totalParts || known.state !== 'active') return;
    known.completing = true;
    await this.dataset.callVoid(this.about(id, '/completion', '/completion'));
    known.state = 'completed';
  }

  /** The provider lists no multipart uploads, and an upload reserves no asset. */
  async incomplete(): Promise<{ sizeBytes: number; createdAt?: string }[]> {
    return [];
  }

  /**
   * Aborts the upload of a file, if this process knows it. Source: `DELETE …/multipartUploads/{id}`.
   * @returns true if the file was cut off by it: it can have no asset
   */
  async abort(sessionId: string, filename: string): Promise<boolean> {
    let isCutOff = false;
    for (const [id, known] of this.known) {
      if (known.filename !== filename || known.state !== 'active' || idsIn(id).sessionId !== sessionId) continue;
      const isAborted = await this.abortUpload(id);
      isCutOff ||= isAborted && !known.completing;
      known.state = 'failed';
    }
    return isCutOff;
  }

  /** @returns false for one that is gone, or completed: the answer to its completion may have been lost */
  private async abortUpload(id: string): Promise<boolean> {
    try {
      await this.dataset.callVoid({ ...this.about(id, '', ''), method: 'DELETE' });
      return true;
    } catch (error) {
      const type = failureType(error);
      if (type !== undefined && !FAILURES[type].retry && type !== 'ProviderAuth') return false;
      throw error;
    }
  }

  private async sessionHasEnded(id: string): Promise<boolean> {
    const session = await unlessGone(this.sessions.get(idsIn(id).sessionId));
    return session === undefined || hasEnded(session);
  }

  private about(id: string, below: string, route: string) {
    const { uploadId } = idsIn(id);
    const path = `${ROUTE}/${encodeURIComponent(uploadId)}${below}`;
    return { method: 'POST', route: `${ROUTE}/{id}${route}`, about: `upload ${uploadId}`, path } as const;
  }

  /** An upload that the provider does not know any more, or whose session has ended, takes no parts. */
  private async orRefused<T>(id: string, part: number, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const type = failureType(error);
      const isGone = type === 'ResourceGone' || (type === 'ProviderRejected' && (await this.sessionHasEnded(id)));
      if (!isGone) throw error;
      this.known.set(id, { reported: new Set(), state: 'failed' });
      throw new PartRefused('gone', `part ${part}: ${(error as Error).message}`);
    }
  }
}

/** The body of a part's report: the headers that the provider wants back, and the body where it wants that. */
function proofOf(
  { responseHeaders: names, responseBody }: PartUploadAnswer,
  { headers, body }: Stored,
  { md5, words }: { md5: string; words: string },
): string {
  const { etag } = headers;
  const said = typeof etag === 'string' ? etag.replaceAll('"', '').toLowerCase() : '';
  if (/^[0-9a-f]{32}$/.test(said) && said !== md5) {
    throw new PartRefused('damaged', `PUT ${words}: the store has other bytes than were sent`);
  }
  const valueOf = (name: string): string => [headers[name.toLowerCase()] ?? ''].flat().join(', ');
  const responseHeaders = Object.fromEntries(names.map((name) => [name, valueOf(name)]));
  const wantsBody = responseBody === true && body !== '';
  return JSON.stringify({ responseHeaders, ...(wantsBody && { responseBody: Buffer.from(body).toString('base64') }) });
}
