import { Readable } from 'node:stream';
import type { ApiRequest } from './api-request';
import type { RequestContent } from './multipart-form';

/** The body of a request and whether it may still be aborted without losing sight of its effect. */
export class Outgoing {
  readonly headers: Record<string, string> = {};
  readonly body: Readable | null;
  /** Aborted by the caller before everything had gone out. */
  aborted = false;
  /** Broken off because the source gave no bytes, which says nothing of the provider. */
  stalled = false;
  /** The last piece was handed over, which never happens before there is a connection. */
  sentInFull = true;
  private stallTimer: NodeJS.Timeout | undefined;
  private readonly controller = new AbortController();
  private readonly onAbort = (): void => {
    if (this.sentInFull && this.call.method !== 'GET') return; // settle it: only the answer tells the effect
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
      this.body = Readable.from(this.watched(content), { objectMode: false });
    } else {
      this.body = null;
    }
    call.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  release(): void {
    clearTimeout(this.stallTimer);
    this.call.signal?.removeEventListener('abort', this.onAbort);
  }

  private async *watched(content: RequestContent): AsyncGenerator<Buffer> {
    let left = content.contentLength;
    this.expectPiece();
    for await (const chunk of content.stream(this.call.onSentBytes)) {
      clearTimeout(this.stallTimer);
      left -= chunk.byteLength;
      this.sentInFull = left <= 0; // before the last piece is handed over: from here on it may arrive
      yield chunk;
      if (left > 0) this.expectPiece();
    }
  }

  /** undici's own timeout sees a provider that stops reading, but not a source that stops coming. */
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
    async *stream() {
      yield bytes;
    },
  };
}
