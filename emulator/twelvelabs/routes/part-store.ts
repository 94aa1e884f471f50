import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Call } from '../../shared/call-hooks';
import { PART_ROUTE, type Fault } from '../../shared/faults';
import type { Emulation } from '../rules/emulation';
import { ApiError } from '../rules/errors';
import { signedPart, type SignedPart } from '../rules/uploads/part-urls';
import { admitPart, takePart, type ArrivedPart } from '../rules/uploads/parts';
import type { Traffic } from '../../shared/traffic';

/** The connection is closed, so no answer is sent. */
class CutOff extends Error {
  override readonly name = 'CutOff';
}

/**
 * The object store that presigned URLs point to: an origin of its own that knows nothing of API keys. It is served
 * without a framework, since bytes are all that passes here.
 */
export function partStore(emulation: Emulation, traffic: Traffic): Server {
  // A part may take as long as its network needs, and connections wait for the next one.
  return createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    void serve(emulation, traffic, request, response);
  });
}

async function serve(
  emulation: Emulation,
  traffic: Traffic,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const signed = signedPart(request.url ?? '/');
  if (!signed || request.method !== 'PUT') {
    const status = signed ? 405 : 404;
    request.resume();
    send(response, status, xml(signed ? 'MethodNotAllowed' : 'NoSuchKey', 'Parts are put, and nothing else.'));
    return;
  }
  const call = traffic.begin(PART_ROUTE, request.url ?? '');
  const put = new PartPut(emulation, traffic, { call, signed, request, response });
  if (request.headers['x-api-key'] !== undefined) traffic.counters.apiKeyAtStore();
  try {
    await put.serve();
  } catch (error) {
    await put.refuse(error);
  }
}

/** One request that puts a part. */
class PartPut {
  private readonly name: string;
  /** The request lets go of it when it is cut off. */
  private readonly socket: Socket;
  private receivedBytes = 0;

  constructor(
    private readonly emulation: Emulation,
    private readonly traffic: Traffic,
    private readonly on: { call: Call; signed: SignedPart; request: IncomingMessage; response: ServerResponse },
  ) {
    this.socket = on.request.socket;
    this.name = `${on.signed.uploadId}/${on.signed.index}`;
    traffic.counters.part(this.name, 'puts');
  }

  async serve(): Promise<void> {
    const { call, signed, request } = this.on;
    const upload = admitPart(this.emulation, signed, request.headers['content-length']);
    const fault = await this.traffic.faultFor(call);
    if (fault?.dropAfterBytes === 0) throw new CutOff();
    const arriving = { body: request, contentMd5: request.headers['content-md5']?.toString() };
    const part = await takePart(this.emulation, upload, signed, arriving, (count) => {
      this.count(count);
      if (this.receivedBytes >= (fault?.dropAfterBytes ?? Infinity)) throw new CutOff();
    });
    if (fault && (fault.drop || fault.status !== undefined)) return this.strike(fault, part);
    const etag = this.commit(part);
    await this.traffic.afterEffect();
    const kms = this.emulation.settings.uploads.etag === 'kms';
    this.answer(200, { etag: `"${etag}"`, ...(kms ? { 'x-amz-server-side-encryption': 'aws:kms' } : {}) });
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

  private async strike(fault: Fault, part: ArrivedPart): Promise<void> {
    if (fault.lateMs === undefined && (fault.drop ?? fault.when) === 'before') part.discard();
    await this.traffic.effectUnder(fault, () => this.commit(part));
    if (fault.drop) return this.drop();
    const body = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
    this.answer(fault.status ?? 500, fault.headers, body ?? xml('EmulatorFault', 'A fault that was asked for.'));
  }

  private commit(part: ArrivedPart): string {
    const { etag } = part.commit();
    this.traffic.counters.part(this.name, 'stored');
    this.emulation.store.changed();
    return etag;
  }

  private count(bytes: number): void {
    this.receivedBytes += bytes;
    this.traffic.counters.part(this.name, 'bytesReceived', bytes);
  }

  private drop(): void {
    this.traffic.answered(this.on.call, 'dropped', this.on.response);
    this.socket.destroy();
  }

  private answer(status: number, headers: Record<string, string> = {}, body?: string): void {
    const { call, response } = this.on;
    this.traffic.answered(call, status, response);
    send(response, status, body, headers);
  }
}

/** By the client, by a fault, or because the emulator closes. */
const isBrokenOff = (error: unknown): boolean =>
  error instanceof CutOff ||
  (error as Error).name === 'AbortError' ||
  ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? '');

function send(response: ServerResponse, status: number, body = '', headers: Record<string, string> = {}): void {
  const type = body === '' ? {} : { 'content-type': 'application/xml' };
  response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(body), ...headers }).end(body);
}

/** The body of an error, as S3 words it. */
const xml = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;

const nowhere = (see: (count: number) => void): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      see(chunk.byteLength);
      done();
    },
  });
