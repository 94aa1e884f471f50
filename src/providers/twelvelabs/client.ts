import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { failureType, type FailureType } from '../../contracts/failures';
import type { EmbeddableKind } from '../../contracts/branches/embed-rules';
import { describeIssues } from '../../contracts/checks/plain-input';
import { createDispatcher } from '../../http/dispatcher';
import { NO_PROXIES, type ProxySettings } from '../../http/proxy-settings';
import { SubmissionAborted } from '../media-provider';
import { RequestGate, type Pass } from '../request-gate/request-gate';
import { failureOfAnswer, failureOfConnection, failureOfShape, type RequestLabel } from './errors';
import type { RequestContent } from './multipart-form';
import { windowOf } from './rate-limit';

export interface TwelveLabsAccount {
  apiKey: string;
  /** Without a slash at the end; includes the version. */
  baseUrl: string;
  /** For the answer to begin once the request is out, and between two pieces of the answer. */
  requestTimeoutMs: number;
  /** None when left out. */
  proxies?: ProxySettings;
}

/** What requests are counted under; the provider publishes a limit for each but the last. */
export type RequestKind = 'upload' | 'index' | `embed-${EmbeddableKind}` | 'other';

export interface ApiRequest extends RequestLabel {
  /** Default: `other`. */
  kind?: RequestKind;
  /** Path and query below the base URL, encoded. */
  path: string;
  json?: unknown;
  form?: RequestContent;
  onSentBytes?: (sentBytes: number) => void;
  signal?: AbortSignal;
}

/** No usable answer, and the provider or the way to it is why. */
const OF_PROVIDER: ReadonlySet<FailureType | undefined> = new Set(['ProviderUnavailable', 'OutcomeUnknown']);

const CONNECTIONS = 128;
const PROBE_TIMEOUT_MS = 3000;

/** The only HTTP of this provider: single attempts with timeouts; every answer is parsed or becomes a failure. */
export class TwelveLabsClient {
  private readonly agent: Dispatcher;
  private readonly gate = new RequestGate();

  constructor(private readonly account: TwelveLabsAccount) {
    const { requestTimeoutMs, proxies = NO_PROXIES } = account;
    this.agent = createDispatcher({ connections: CONNECTIONS, requestTimeoutMs }, proxies);
  }

  async call<S extends z.ZodType>(call: ApiRequest, schema: S): Promise<z.output<S>> {
    const answer = await this.send(call);
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw failureOfShape(call, describeIssues(parsed.error));
  }

  async callVoid(call: ApiRequest): Promise<void> {
    await this.send(call);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async enter({ kind = 'other', method, route, signal }: ApiRequest): Promise<Pass> {
    try {
      signal?.throwIfAborted();
      return await this.gate.enter(kind, `${method} ${route}`, signal);
    } catch (error) {
      if (!signal?.aborted || method === 'GET') throw error;
      throw new SubmissionAborted(`${method} ${route}: not sent`);
    }
  }

  private async send(call: ApiRequest): Promise<unknown> {
    const pass = await this.enter(call);
    const outgoing = new Outgoing(call, this.account.requestTimeoutMs);
    try {
      const response = await request(`${this.account.baseUrl}${call.path}`, {
        method: call.method,
        headers: { 'x-api-key': this.account.apiKey, accept: 'application/json', ...outgoing.headers },
        body: outgoing.body,
        signal: outgoing.signal,
        dispatcher: this.agent,
      });
      const { statusCode: status, headers } = response;
      const body = parseJson(await response.body.text());
      const refused = status < 200 || status >= 300 ? failureOfAnswer(call, { status, headers, body }) : undefined;
      if (failureType(refused) === 'RateLimited') pass.limited(windowOf(headers), Number(refused?.nextRetryDelay));
      else if (status >= 500) pass.failed();
      else pass.answered(windowOf(headers));
      if (refused) throw refused;
      return body;
    } catch (error) {
      if (outgoing.aborted) throw new SubmissionAborted(`${call.method} ${call.route}: aborted while it was sent`);
      if (call.signal?.aborted && call.method === 'GET') throw error;
      const named = failureOfConnection(call, error, outgoing.sentInFull);
      if (OF_PROVIDER.has(failureType(named))) pass.failed();
      throw named;
    } finally {
      pass.abandoned(); // where nothing was told before
      outgoing.release();
    }
  }
}

/** The body of a request and whether it may still be aborted without losing sight of its effect. */
class Outgoing {
  readonly headers: Record<string, string> = {};
  readonly body: Dispatcher.DispatchOptions['body'];
  /** Aborted by the caller before everything had gone out. */
  aborted = false;
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

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether an emulator of ours answers at the base URL; real providers are not asked. */
export async function answersAsEmulator(baseUrl: string, proxies: ProxySettings = NO_PROXIES): Promise<boolean> {
  const { origin, hostname } = new URL(baseUrl);
  if (hostname.endsWith('twelvelabs.io')) return false;
  const dispatcher = createDispatcher({ connections: 1, requestTimeoutMs: PROBE_TIMEOUT_MS }, proxies);
  try {
    const { statusCode, body } = await request(`${origin}/_emulator/`, { dispatcher });
    const answer = parseJson(await body.text());
    return statusCode === 200 && typeof answer === 'object' && answer !== null && 'emulator' in answer;
  } catch {
    return false;
  } finally {
    await dispatcher.destroy();
  }
}
