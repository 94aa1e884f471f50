import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../server/api-error';
import type { Call } from '../traffic/call-hooks';
import type { Fault } from '../traffic/faults';
import type { Traffic } from '../traffic/traffic';
import { answerOf, CutOff, isBrokenOff, xml } from './store-answers';

/** Bytes that the store gives away. */
export interface OpenContent {
  sizeBytes: number;
  mime: string;
  /** @param from first byte, and `to` the last one. */
  read(from: number, to: number): Readable;
}

/** What a URL gives. */
export interface ServedContent {
  /** One of the store's, for counters and faults. */
  route: string;
  /** @throws ApiError as an object store would refuse it. */
  open(): OpenContent;
}

/** Answers a GET, whole or from some byte on, as an object store does. */
export async function serveContent(
  content: ServedContent,
  traffic: Traffic,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const call = traffic.begin(content.route, request.url ?? '');
  request.resume();
  const answer = (status: number, headers: Record<string, string>, body: string): void => {
    traffic.answered(call, status, response);
    answerOf(response, status, body, headers);
  };
  try {
    const opened = content.open();
    const fault = await traffic.faultFor(call);
    if (fault?.drop || fault?.dropAfterBytes === 0) throw new CutOff();
    if (fault?.status !== undefined) return answer(fault.status, fault.headers ?? {}, bodyOf(fault));
    await send(opened, { call, traffic, request, response, cutAfterBytes: fault?.dropAfterBytes });
  } catch (error) {
    if (error instanceof ApiError) return answer(error.status, error.headers, xml(error.code, error.message));
    if (!isBrokenOff(error)) process.emitWarning(`content could not be given: ${String(error)}`);
    traffic.answered(call, 'dropped', response);
    request.socket.destroy();
  }
}

interface Sending {
  call: Call;
  traffic: Traffic;
  request: IncomingMessage;
  response: ServerResponse;
  cutAfterBytes: number | undefined;
}

async function send(content: OpenContent, sending: Sending): Promise<void> {
  const { sizeBytes, mime } = content;
  const { call, traffic, request, response, cutAfterBytes = Infinity } = sending;
  const range = rangeOf(request.headers.range, sizeBytes);
  const { from, to } = range ?? { from: 0, to: sizeBytes - 1 };
  traffic.answered(call, range ? 206 : 200, response);
  response.writeHead(range ? 206 : 200, {
    'content-type': mime,
    'content-length': to - from + 1,
    'accept-ranges': 'bytes',
    ...(range ? { 'content-range': `bytes ${from}-${to}/${sizeBytes}` } : {}),
  });
  let left = cutAfterBytes;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const passed = chunk.subarray(0, left);
      left -= passed.byteLength;
      if (left > 0) done(null, passed);
      else response.write(passed, () => done(new CutOff()));
    },
  });
  try {
    await pipeline(content.read(from, to), meter, response);
  } catch (error) {
    request.socket.destroy(); // the head is out, so that nothing else can be said
    if (!isBrokenOff(error)) throw error;
  }
}

/** One range, from a byte on or between two; others are not served as ranges. @throws ApiError 416 */
function rangeOf(header: string | undefined, sizeBytes: number): { from: number; to: number } | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined) return undefined;
  const to = last ? Math.min(Number(last), sizeBytes - 1) : sizeBytes - 1;
  if (Number(first) > to) throw new ApiError(416, 'InvalidRange', 'The requested range is not satisfiable.');
  return { from: Number(first), to };
}

const bodyOf = ({ body }: Fault): string =>
  body === undefined
    ? xml('EmulatorFault', 'A fault that was asked for.')
    : typeof body === 'string'
      ? body
      : JSON.stringify(body);
