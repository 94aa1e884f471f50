import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../server/api-error';
import type { Call } from '../traffic/call-hooks';
import type { Fault } from '../traffic/faults';
import type { Traffic } from '../traffic/traffic';
import { serveContent, type ServedContent } from './content-reads';
import { answerOf, isBrokenOff, xml, CutOff } from './store-answers';

/** A part whose bytes are in, and that is not there yet. */
export interface ArrivedPart {
  /** Puts it in place of the one before. @returns headers of the answer. @throws ApiError when it is too late for it. */
  commit(): Record<string, string>;
  discard(): void;
}

/** Takes the body of a part in; leaves nothing when it breaks off or `onBytes` throws. */
export type TakePart = (body: Readable, onBytes: (count: number) => void) => Promise<ArrivedPart>;

/** A part that is about to come in. */
export interface ExpectedPart {
  /** One of the store's, for counters and faults. */
  route: string;
  /** Of counters. */
  name: string;
  /** Looks at the head of the request. @throws ApiError as an object store would refuse it. */
  admit(headers: IncomingMessage['headers']): TakePart;
}

/** What a vendor's store is. */
export interface PartStoreRules {
  /** Where bytes are put, and where they are got, as counters and faults name them. */
  routes: { puts: readonly string[]; gets?: readonly string[] };
  /** What is put to a URL; undefined when it is no part. */
  expectedAt(url: string): ExpectedPart | undefined;
  /** What a URL gives; left out by a store that only takes. */
  contentAt?(url: string): ServedContent | undefined;
  /** Header that carries the API's key, which is not meant for the store. */
  keyHeader: string;
}

/**
 * The object store that presigned URLs point to: an origin of its own that knows nothing of API keys and answers as S3
 * does. It is served without a framework, since bytes are all that passes here.
 */
export function partStore(rules: PartStoreRules, traffic: Traffic): Server {
  const { puts, gets = [] } = rules.routes;
  for (const route of [...puts, ...gets]) traffic.routes.set(route, 'bytes');
  // A part may take as long as its network needs, and connections wait for the next one.
  return createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    void serve(rules, traffic, request, response);
  });
}

async function serve(
  rules: PartStoreRules,
  traffic: Traffic,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = request.url ?? '/';
  if (request.headers[rules.keyHeader] !== undefined) traffic.counters.apiKeyAtStore();
  const content = request.method === 'GET' ? rules.contentAt?.(url) : undefined;
  if (content) return serveContent(content, traffic, request, response);
  const part = rules.expectedAt(url);
  if (!part || request.method !== 'PUT') {
    const status = part ? 405 : 404;
    request.resume();
    answerOf(response, status, xml(part ? 'MethodNotAllowed' : 'NoSuchKey', 'Nothing can be got or put here.'));
    return;
  }
  const call = traffic.begin(part.route, url);
  const put = new PartPut(traffic, { call, part, request, response });
  try {
    await put.serve();
  } catch (error) {
    await put.refuse(error);
  }
}

/** One request that puts a part. */
class PartPut {
  /** The request lets go of it when it is cut off. */
  private readonly socket: Socket;
  private receivedBytes = 0;

  constructor(
    private readonly traffic: Traffic,
    private readonly on: { call: Call; part: ExpectedPart; request: IncomingMessage; response: ServerResponse },
  ) {
    this.socket = on.request.socket;
    traffic.counters.part(on.part.name, 'puts');
  }

  async serve(): Promise<void> {
    const { call, part, request } = this.on;
    const take = part.admit(request.headers);
    const fault = await this.traffic.faultFor(call);
    if (fault?.dropAfterBytes === 0) throw new CutOff();
    const arrived = await take(request, (count) => {
      this.count(count);
      if (this.receivedBytes >= (fault?.dropAfterBytes ?? Infinity)) throw new CutOff();
    });
    if (fault && (fault.drop || fault.status !== undefined)) return this.strike(fault, arrived);
    const headers = this.commit(arrived);
    await this.traffic.afterEffect();
    this.answer(200, headers);
  }

  /** Refuses only after the body was read, so that the client is not cut off while it sends. */
  async refuse(error: unknown): Promise<void> {
    const { request } = this.on;
    if (!(error instanceof ApiError)) {
      if (!isBrokenOff(error)) process.emitWarning(`a part could not be kept: ${String(error)}`);
      return this.drop();
    }
    try {
      if (!request.readableEnded)
        await pipeline(
          request,
          nowhere((count) => this.count(count)),
        );
    } catch {
      return this.drop();
    }
    this.answer(error.status, {}, xml(error.code, error.message));
  }

  private async strike(fault: Fault, arrived: ArrivedPart): Promise<void> {
    if (fault.lateMs === undefined && (fault.drop ?? fault.when) === 'before') arrived.discard();
    await this.traffic.effectUnder(fault, () => this.commit(arrived));
    if (fault.drop) return this.drop();
    const body = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
    this.answer(fault.status ?? 500, fault.headers, body ?? xml('EmulatorFault', 'A fault that was asked for.'));
  }

  private commit(arrived: ArrivedPart): Record<string, string> {
    const headers = arrived.commit();
    this.traffic.counters.part(this.on.part.name, 'stored');
    return headers;
  }

  private count(bytes: number): void {
    this.receivedBytes += bytes;
    this.traffic.counters.part(this.on.part.name, 'bytesReceived', bytes);
  }

  private drop(): void {
    this.traffic.answered(this.on.call, 'dropped', this.on.response);
    this.socket.destroy();
  }

  private answer(status: number, headers: Record<string, string> = {}, body?: string): void {
    const { call, response } = this.on;
    this.traffic.answered(call, status, response);
    answerOf(response, status, body, headers);
  }
}

const nowhere = (see: (count: number) => void): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      see(chunk.byteLength);
      done();
    },
  });
