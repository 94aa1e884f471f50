import type { IncomingHttpHeaders } from 'node:http';
import type { ApplicationFailure } from '@temporalio/common';
import { request, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { failureType, type FailureType } from '../../../contracts/failures';
import { describeIssues } from '../../../contracts/checks/describe-issues';
import { createDispatcher } from '../../../http/dispatcher';
import { NO_PROXIES, type ProxySettings } from '../../../http/proxy-settings';
import { SubmissionAborted } from '../../outcome';
import { RequestGate, type Pass } from '../../shared/request-gate/request-gate';
import { failureOfAnswer, failureOfConnection, failureOfForeignBody, failureOfShape } from './errors';
import { neverConnected } from '../../shared/never-connected';
import { clockAheadMs } from '../../shared/provider-clock';
import type { ApiRequest } from './api-request';
import { Outgoing } from './outgoing';
import { limitedByDuration, readRateWindow } from './rate-limit';
import { NotJson, skimmedFields, streamedList } from './streamed-list';

export interface TwelveLabsAccount {
  apiKey: string;
  /** Without a slash at the end; includes the version. */
  baseUrl: string;
  /** Longest wait for the answer to begin after the request is sent, and between two chunks of it. */
  requestTimeoutMs: number;
  /** Default: no proxies. */
  proxies?: ProxySettings;
}

/** Failures that mean trouble with the provider or the network, and not with this request. */
const ACCOUNT_WIDE_FAILURES: ReadonlySet<FailureType | undefined> = new Set(['ProviderUnavailable', 'OutcomeUnknown']);

/** A larger request takes seconds to send, so it is not used to probe whether the provider works again. */
const LARGE_BYTES = 1024 ** 2;
/** When media seconds are used up, shorter media may still fit, so other requests wait no longer than this. */
const DURATION_PAUSE_MS = 60_000;
/** A very small request, sent before a large one while the provider is down. */
const PROBE: ApiRequest = { method: 'GET', route: '/assets', path: '/assets?page=1&page_limit=1', creates: false };
const MAX_CONNECTIONS = 128;

/** All HTTP requests to this provider: single attempts with timeouts. Every answer is parsed or becomes a failure. */
export class TwelveLabsClient {
  private readonly agent: Dispatcher;
  private readonly gate = new RequestGate();
  private readonly host: string;

  constructor(private readonly account: TwelveLabsAccount) {
    const { baseUrl, requestTimeoutMs, proxies = NO_PROXIES } = account;
    this.host = new URL(baseUrl).host;
    this.agent = createDispatcher({ connections: MAX_CONNECTIONS, requestTimeoutMs }, proxies);
  }

  async call<S extends z.ZodType>(call: ApiRequest, schema: S): Promise<z.output<S>> {
    return (await this.callTimed(call, schema)).answer;
  }

  /** The answer with what it tells of the provider's clock, see {@link AssetPage.clockAheadMs}. */
  async callTimed<S extends z.ZodType>(call: ApiRequest, schema: S) {
    const { body, headers } = await this.send(call);
    return { clockAheadMs: clockAheadMs(headers), answer: parseAnswer(call, schema, body) };
  }

  async callVoid(call: ApiRequest): Promise<void> {
    await this.send(call);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async passGate({ kind = 'other', method, route, form, signal }: ApiRequest): Promise<Pass> {
    try {
      signal?.throwIfAborted();
      if (form && form.contentLength > LARGE_BYTES && this.gate.providerDown) await this.probe(signal);
      return await this.gate.admit(kind, `${method} ${route}`, signal);
    } catch (error) {
      if (!signal?.aborted || method === 'GET') throw error;
      throw new SubmissionAborted(`${method} ${route}: not sent`);
    }
  }

  /** Checks that the provider answers at all; a refusal is an answer too. @throws ProviderUnavailable */
  private async probe(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.callVoid({ ...PROBE, signal });
    } catch (error) {
      if (signal?.aborted || failureType(error) === 'ProviderUnavailable') throw error;
    }
  }

  /**
   * Yields the items of the array in one field of the answer, each checked as it arrives; flat memory. The other fields
   * of `document` are checked at the end.
   */
  async *stream<S extends z.ZodType>(
    call: ApiRequest,
    { at, item, document }: { at: string; item: S; document: z.ZodObject },
  ): AsyncGenerator<z.output<S>> {
    const pass = await this.passGate(call);
    const outgoing = new Outgoing(call, this.account.requestTimeoutMs);
    try {
      const { headers, body } = await this.successful(call, pass, outgoing);
      const list = streamedList(body, { at, beside: Object.keys(document.shape) });
      let next = await list.next();
      for (let index = 0; !next.done; index++) {
        yield parseAnswer(call, item, next.value, `${at}.${index}.`);
        next = await list.next();
      }
      pass.answered(readRateWindow(headers));
      parseAnswer(call, document, next.value);
    } catch (error) {
      throw this.streamFailure(call, error, { outgoing, pass });
    } finally {
      pass.abandoned(); // where nothing was told before
      outgoing.stopListening();
    }
  }

  /**
   * Reads some top-level fields of an answer that may be large; flat memory.
   * @param enough ends the reading when true, also in the middle of the answer.
   */
  async skim<S extends z.ZodObject>(
    call: ApiRequest,
    schema: S,
    enough: (fields: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<z.output<S>> {
    const pass = await this.passGate(call);
    const outgoing = new Outgoing(call, this.account.requestTimeoutMs);
    try {
      const { headers, body } = await this.successful(call, pass, outgoing);
      const fields = await skimmedFields(body, Object.keys(schema.shape), enough);
      pass.answered(readRateWindow(headers));
      return parseAnswer(call, schema, fields);
    } catch (error) {
      throw this.streamFailure(call, error, { outgoing, pass });
    } finally {
      pass.abandoned(); // where nothing was told before
      outgoing.stopListening();
    }
  }

  /** Sends the request and gives its answer before the body is read. @throws the failure, if it is no success */
  private async successful(call: ApiRequest, pass: Pass, outgoing: Outgoing) {
    const { statusCode: status, headers, body } = await this.request(call, outgoing);
    if (isSuccess(status)) return { headers, body };
    const answer = answerOf(status, headers, await body.text());
    throw this.tellGate(call, pass, answer) ?? failureOfForeignBody(call, this.host);
  }

  private streamFailure(call: ApiRequest, error: unknown, known: { outgoing: Outgoing; pass: Pass }): unknown {
    if (!(error instanceof NotJson)) return this.failureFrom(call, error, known);
    known.pass.failed('no usable answer');
    return failureOfForeignBody(call, this.host);
  }

  private async send(call: ApiRequest): Promise<{ headers: IncomingHttpHeaders; body: unknown }> {
    const pass = await this.passGate(call);
    const outgoing = new Outgoing(call, this.account.requestTimeoutMs);
    try {
      const { statusCode: status, headers, body } = await this.request(call, outgoing);
      const answer = answerOf(status, headers, await body.text());
      const refused = this.tellGate(call, pass, answer);
      if (refused) throw refused;
      return { headers, body: answer.body };
    } catch (error) {
      throw this.failureFrom(call, error, { outgoing, pass });
    } finally {
      pass.abandoned(); // where nothing was told before
      outgoing.stopListening();
    }
  }

  private request(call: ApiRequest, outgoing: Outgoing) {
    return request(`${this.account.baseUrl}${call.path}`, {
      method: call.method,
      headers: { 'x-api-key': this.account.apiKey, accept: 'application/json', ...outgoing.headers },
      body: outgoing.body,
      signal: outgoing.signal,
      dispatcher: this.agent,
    });
  }

  /** Reports the answer to the gate. @returns the failure that the answer means, if any */
  private tellGate(call: ApiRequest, pass: Pass, answer: Answer): ApplicationFailure | undefined {
    const { headers } = answer;
    const refused = this.refusalIn(call, answer);
    if (failureType(refused) === 'RateLimited') pass.limited(readRateWindow(headers), pauseAfter(refused, headers));
    else if (ACCOUNT_WIDE_FAILURES.has(failureType(refused))) pass.failed('no usable answer');
    else pass.answered(readRateWindow(headers));
    return refused;
  }

  /** Converts an error of the connection into a failure, and reports it to the gate. */
  private failureFrom(
    call: ApiRequest,
    error: unknown,
    { outgoing, pass }: { outgoing: Outgoing; pass: Pass },
  ): unknown {
    if (outgoing.aborted) return new SubmissionAborted(`${call.method} ${call.route}: aborted while it was sent`);
    if (call.signal?.aborted && call.method === 'GET') return error;
    const named = failureOfConnection(call, error, outgoing.sentInFull);
    const ofSource = outgoing.stalled || failureType(error) !== undefined;
    if (!ofSource && ACCOUNT_WIDE_FAILURES.has(failureType(named))) {
      pass.failed(neverConnected(error) ? 'no connection' : 'no usable answer');
    }
    return named;
  }

  private refusalIn(call: ApiRequest, { status, headers, body, isJson }: Answer): ApplicationFailure | undefined {
    if (!isSuccess(status)) return failureOfAnswer(call, { status, headers, body, host: this.host });
    return isJson ? undefined : failureOfForeignBody(call, this.host);
  }
}

/** An answer that was read to its end. */
interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed; `undefined` of an empty one. */
  body: unknown;
  /** Also true of an empty one. */
  isJson: boolean;
}

function answerOf(status: number, headers: IncomingHttpHeaders, text: string): Answer {
  const body = parseJson(text);
  return { status, headers, body, isJson: text === '' || body !== undefined };
}

/** @param field path of the value in the answer, with a dot at the end; empty for the whole answer. */
function parseAnswer<S extends z.ZodType>(call: ApiRequest, schema: S, value: unknown, field = ''): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw failureOfShape(call, `${field}${describeIssues(parsed.error)}`);
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** How long other requests of the same kind are held back after a 429. */
function pauseAfter(refused: ApplicationFailure | undefined, headers: IncomingHttpHeaders): number {
  const waitMs = Number(refused?.nextRetryDelay);
  return limitedByDuration(headers) ? Math.min(waitMs, DURATION_PAUSE_MS) : waitMs;
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
