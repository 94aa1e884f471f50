import { Readable } from 'node:stream';
import type { ApiRequest } from './api-request';
import type { RequestContent } from './multipart-form';

/** The body of a request. Knows whether the request can still be aborted without an unknown effect. */
export class Outgoing {
  readonly headers: Record<string, string> = {};
  readonly body: Readable | null;
  /** True if the caller aborted before all of the body was sent. */
  aborted = false;
  /** True if the source gave no bytes for too long. That says nothing about the provider. */
  stalled = false;
  /** True once the last chunk is handed to the connection, which never happens before one exists. */
  sentInFull = true;
  private stallTimer: NodeJS.Timeout | undefined;
  private readonly controller = new AbortController();
  private readonly onAbort = (): void => {
    if (this.sentInFull && this.call.method !== 'GET') return; // wait for the answer: only it tells the effect
    this.aborted = this.call.method !== 'GET';
    this.controller.abort(this.call.signal?.reason);
  };

  constructor(
    private readonly call: ApiRequest,
    private readonly stallTimeoutMs: number,
  ) {
    const content = call.form ?? (call.json === undefined ? undefined : jsonBody(call.json));
    if (content) {
      this.sentInFull = false;
      this.headers['content-type'] = content.contentType;
      this.headers['content-length'] = String(content.contentLength);
      this.body = content.isInMemory
        ? (this.inOnePiece(content) as unknown as Readable) // undici takes iterables too; its types say less
        : Readable.from(this.watched(content), { objectMode: false });
    } else {
      this.body = null;
    }
    call.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  stopListening(): void {
    clearTimeout(this.stallTimer);
    this.call.signal?.removeEventListener('abort', this.onAbort);
  }

  /** For many small requests a stream of pieces costs more than what it carries. */
  private async *inOnePiece(content: RequestContent): AsyncGenerator<Buffer> {
    this.expectPiece();
    const pieces: Buffer[] = [];
    for await (const piece of content.stream(this.call.onSentBytes)) pieces.push(piece);
    clearTimeout(this.stallTimer);
    this.sentInFull = true;
    yield pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  private async *watched(content: RequestContent): AsyncGenerator<Buffer> {
    let left = content.contentLength;
    this.expectPiece();
    for await (const chunk of content.stream(this.call.onSentBytes)) {
      clearTimeout(this.stallTimer);
      left -= chunk.byteLength;
      this.sentInFull = left <= 0; // set before the last chunk goes out, because it may arrive from then on
      yield chunk;
      if (left > 0) this.expectPiece();
    }
  }

  /** undici's timeout notices a provider that stops reading, but not a source that stops giving bytes. */
  private expectPiece(): void {
    this.stallTimer = setTimeout(() => {
      this.stalled = true;
      this.controller.abort(new Error(`stalled: the source gave no bytes for ${this.stallTimeoutMs} ms`));
    }, this.stallTimeoutMs);
  }
}

function jsonBody(value: unknown): RequestContent {
  const bytes = Buffer.from(JSON.stringify(value));
  return {
    contentType: 'application/json',
    contentLength: bytes.byteLength,
    isInMemory: true,
    stream: () => [bytes],
  };
}
