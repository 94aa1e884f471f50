import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { failure, failureType } from '../../../contracts/failures';
import { createDispatcher } from '../../../http/dispatcher';
import { NO_PROXIES, type ProxySettings } from '../../../http/proxy-settings';
import { SubmissionAborted } from '../../outcome';
import { waitAfterLimit } from './retry-after';
import type { SignedContent } from './schemas';

const MAX_CONNECTIONS = 128;

export interface BytesToPut {
  read: () => Readable;
  sizeBytes: number;
  /** Names the bytes in messages. */
  words: string;
  signal?: AbortSignal;
  onSent?: (sentBytes: number) => void;
}

export interface Stored {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A signed URL was refused: it has expired, or its session has ended. */
export class UrlRefused extends Error {
  override readonly name = 'UrlRefused';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Epoch milliseconds of an expiry, which is given in milliseconds or, should it be so small, in seconds. */
export const expiryMs = (expiry: number): number => (expiry < 1e11 ? expiry * 1000 : expiry);

/**
 * The store behind the signed URLs. Requests carry exactly the headers that came with the URL, and never the secret key.
 * Messages never name a URL, which is a secret.
 */
export class SignedUrls {
  private readonly agent: Dispatcher;

  /** @param stallTimeoutMs longest wait for a chunk of a body, and for an answer to begin. */
  constructor(
    private readonly stallTimeoutMs: number,
    proxies: ProxySettings = NO_PROXIES,
  ) {
    this.agent = createDispatcher({ connections: MAX_CONNECTIONS, requestTimeoutMs: stallTimeoutMs }, proxies);
  }

  /**
   * Sends bytes with a known length and flat memory. An abort ends it before the last chunk; then the answer is waited for.
   * @throws UrlRefused · SubmissionAborted · RateLimited · ProviderUnavailable · PayloadTooLarge · ProviderRejected
   */
  async put({ url, method = 'PUT', headers }: SignedContent, bytes: BytesToPut): Promise<Stored> {
    const { words, sizeBytes } = bytes;
    const outgoing = new Outgoing(bytes, this.stallTimeoutMs);
    try {
      const answer = await request(url, {
        method: method.toUpperCase() as 'PUT',
        headers: { ...headers, 'content-length': String(sizeBytes) },
        body: outgoing.body,
        signal: outgoing.signal,
        dispatcher: this.agent,
      });
      const body = await answer.body.text();
      if (answer.statusCode >= 200 && answer.statusCode < 300) return { headers: answer.headers, body };
      throw refusal(words, answer.statusCode, answer.headers, body);
    } catch (error) {
      if (failureType(error) ?? error instanceof UrlRefused) throw error;
      if (outgoing.aborted) throw new SubmissionAborted(`${words}: aborted while it was sent`);
      const { code, message } = error as { code?: string; message?: string };
      const why = outgoing.stalled ? `the source gave no bytes for ${this.stallTimeoutMs / 1000} s` : (code ?? message);
      throw failure('ProviderUnavailable', `PUT ${words}: no answer (${why})`);
    } finally {
      outgoing.stop();
    }
  }

  /**
   * Reads the content behind a URL, from byte `start` on, or all where the store gives no ranges.
   * @throws UrlRefused · ProviderUnavailable · RateLimited · ProviderRejected
   */
  async get(
    { url, headers }: SignedContent,
    { words, start = 0, signal }: { words: string; start?: number; signal?: AbortSignal },
  ): Promise<{ start: number; bytes: Readable }> {
    const range = start > 0 ? { range: `bytes=${start}-` } : {};
    try {
      const answer = await request(url, {
        method: 'GET',
        headers: { ...headers, ...range },
        signal,
        dispatcher: this.agent,
      });
      if (answer.statusCode === 200) return { start: 0, bytes: answer.body };
      if (answer.statusCode === 206 && startOf(answer.headers) === start) return { start, bytes: answer.body };
      const body = await answer.body.text();
      throw refusal(words, answer.statusCode, answer.headers, body, 'GET');
    } catch (error) {
      if (signal?.aborted || failureType(error) !== undefined || error instanceof UrlRefused) throw error;
      const { code, message } = error as { code?: string; message?: string };
      throw failure('ProviderUnavailable', `GET ${words}: no answer (${code ?? message})`);
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** First byte of a partial answer. */
const startOf = (headers: IncomingHttpHeaders): number =>
  Number(/^bytes (\d+)-/.exec(String(headers['content-range']))?.[1] ?? Number.NaN);

function refusal(words: string, status: number, headers: IncomingHttpHeaders, body: string, verb = 'PUT'): Error {
  const [, code] = /<Code>(\w{1,60})<\/Code>/.exec(body) ?? [];
  const said = `${verb} ${words}: ${status} from the store${code ? `, ${code}` : ''}`;
  if (status === 429) return failure('RateLimited', said, { retryAfter: waitAfterLimit(headers) });
  if (status === 408 || status >= 500) return failure('ProviderUnavailable', said);
  if ([401, 403, 404, 409, 410].includes(status)) return new UrlRefused(status, said);
  if (status === 413) return failure('PayloadTooLarge', said);
  return failure('ProviderRejected', said);
}

/** A body on its way, which can be aborted until its last chunk. */
class Outgoing {
  readonly body: Readable;
  aborted = false;
  stalled = false;
  private sentInFull = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly controller = new AbortController();
  private readonly onAbort = (): void => {
    if (this.sentInFull) return; // only the answer tells whether the store has them
    this.aborted = true;
    this.controller.abort(this.bytes.signal?.reason);
  };

  constructor(
    private readonly bytes: BytesToPut,
    private readonly stallTimeoutMs: number,
  ) {
    this.body = Readable.from(this.chunks(), { objectMode: false });
    if (bytes.signal?.aborted) this.onAbort();
    else bytes.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.bytes.signal?.removeEventListener('abort', this.onAbort);
    this.body.destroy();
  }

  private async *chunks(): AsyncGenerator<Buffer> {
    const { sizeBytes, onSent, read } = this.bytes;
    let sentBytes = 0;
    this.expectChunk();
    for await (const chunk of read() as AsyncIterable<Buffer>) {
      clearTimeout(this.timer);
      sentBytes += chunk.byteLength;
      this.sentInFull = sentBytes >= sizeBytes; // set before the last chunk goes out, because it may arrive from then on
      yield chunk;
      onSent?.(sentBytes);
      if (!this.sentInFull) this.expectChunk();
    }
  }

  /** undici's timeout notices a store that stops reading, but not a source that stops giving bytes. */
  private expectChunk(): void {
    this.timer = setTimeout(() => {
      this.stalled = true;
      this.controller.abort(new Error('stalled'));
    }, this.stallTimeoutMs);
  }
}
