import type { IncomingHttpHeaders } from 'node:http';
import type { ApplicationFailure } from '@temporalio/common';
import { request, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { failureType } from '../../../contracts/failures';
import { describeIssues } from '../../../contracts/checks/describe-issues';
import { createDispatcher } from '../../../http/dispatcher';
import { NO_PROXIES, type ProxySettings } from '../../../http/proxy-settings';
import { SubmissionAborted } from '../../outcome';
import { RequestGate, type Pass } from '../../shared/request-gate/request-gate';
import { failureOfAnswer, failureOfConnection, failureOfShape, requestWords } from './errors';
import { neverConnected } from '../../shared/never-connected';
import { clockAheadMs } from '../../shared/provider-clock';
import type { RequestLabel } from './errors';

export interface DatatureViAccess {
  secretKey: string;
  organizationId: string;
  /** Origin of the API, without a slash at the end. */
  endpoint: string;
  /** Longest wait for the answer to begin after the request is sent, and between two chunks of it. */
  requestTimeoutMs: number;
  /** Default: no proxies. */
  proxies?: ProxySettings;
}

export interface ApiRequest extends RequestLabel {
  /** Path and query below the endpoint, encoded. */
  path: string;
  json?: unknown;
  /** Ends a read at once. A write that has gone out is waited for, since only its answer tells the effect. */
  signal?: AbortSignal;
}

const MAX_CONNECTIONS = 100;
const USER_AGENT = 'asset-lifecycle';

/** All requests to the API: single attempts with timeouts. Every answer is parsed or becomes a failure. */
export class DatatureViClient {
  private readonly agent: Dispatcher;
  private readonly gate = new RequestGate();
  private readonly host: string;

  constructor(private readonly access: DatatureViAccess) {
    const { endpoint, requestTimeoutMs, proxies = NO_PROXIES } = access;
    this.host = new URL(endpoint).host;
    this.agent = createDispatcher({ connections: MAX_CONNECTIONS, requestTimeoutMs }, proxies);
  }

  get organizationId(): string {
    return this.access.organizationId;
  }

  async call<S extends z.ZodType>(call: ApiRequest, schema: S): Promise<z.output<S>> {
    return (await this.callTimed(call, schema)).answer;
  }

  /** The answer with what it tells of the provider's clock, see {@link AssetPage.clockAheadMs}. */
  async callTimed<S extends z.ZodType>(call: ApiRequest, schema: S) {
    const { text, headers } = await this.send(call);
    const ahead = clockAheadMs(headers);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return { clockAheadMs: ahead, answer: parsed.data };
    throw failureOfShape(call, describeIssues(parsed.error));
  }

  /** The body of a success is not read: it may be empty. */
  async callVoid(call: ApiRequest): Promise<void> {
    await this.send(call);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(call: ApiRequest): Promise<{ headers: IncomingHttpHeaders; text: string }> {
    const pass = await this.passGate(call);
    try {
      const { statusCode: status, headers, body } = await this.request(call);
      const text = await body.text();
      const refused = this.tellGate(call, pass, { status, headers, text });
      if (refused) throw refused;
      return { headers, text };
    } catch (error) {
      throw this.failureFrom(call, error, pass);
    } finally {
      pass.abandoned(); // where nothing was told before
    }
  }

  private async passGate(call: ApiRequest): Promise<Pass> {
    const { method, route, signal, creates } = call;
    try {
      signal?.throwIfAborted();
      return await this.gate.admit(creates ? 'creates' : 'other', `${method} ${route}`, signal);
    } catch (error) {
      if (!signal?.aborted || method === 'GET') throw error;
      throw new SubmissionAborted(`${requestWords(call)}: not sent`);
    }
  }

  private request({ method, path, json, signal }: ApiRequest) {
    const { endpoint, secretKey, organizationId } = this.access;
    return request(`${endpoint}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secretKey}`,
        'organization-id': organizationId,
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': USER_AGENT,
      },
      body: json === undefined ? null : JSON.stringify(json),
      signal: method === 'GET' ? signal : undefined,
      dispatcher: this.agent,
    });
  }

  /** Reports the answer to the gate. @returns the failure that the answer means, if any */
  private tellGate(
    call: ApiRequest,
    pass: Pass,
    { status, headers, text }: { status: number; headers: IncomingHttpHeaders; text: string },
  ): ApplicationFailure | undefined {
    if (status >= 200 && status < 300) {
      pass.answered(undefined);
      return undefined;
    }
    const refused = failureOfAnswer(call, { status, headers, text, host: this.host });
    const type = failureType(refused);
    if (type === 'RateLimited') pass.limited(undefined, Number(refused.nextRetryDelay));
    else if (type === 'ProviderUnavailable' || type === 'OutcomeUnknown') pass.failed('no usable answer');
    else pass.answered(undefined);
    return refused;
  }

  private failureFrom(call: ApiRequest, error: unknown, pass: Pass): unknown {
    if (failureType(error)) return error;
    if (call.signal?.aborted && call.method === 'GET') return error;
    const named = failureOfConnection(call, error);
    const type = failureType(named);
    if (type === 'ProviderUnavailable' || type === 'OutcomeUnknown') {
      pass.failed(neverConnected(error) ? 'no connection' : 'no usable answer');
    }
    return named;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
