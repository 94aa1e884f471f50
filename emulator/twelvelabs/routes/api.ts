import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Call } from '../../shared/call-hooks';
import type { Exchange } from '../conformance/conformance';
import type { Fault } from '../../shared/faults';
import type { Category } from '../rate-limits';
import { mediaSecOf } from '../rules/media-of-request';
import type { Emulation } from '../rules/emulation';
import { ApiError } from '../rules/errors';
import type { Query } from '../rules/paging';
import type { Traffic } from '../../shared/traffic';

export interface Answer {
  status: number;
  body?: unknown;
}

/** What a request does, once it was read and found well-formed: faults strike before or after it. */
export type Effect = () => Answer | Promise<Answer>;

export interface ApiCall {
  params: Record<string, string>;
  query: Query;
  body: unknown;
  raw: FastifyRequest;
  /** Fields of a form, once it was read. */
  form?: Record<string, string>;
}

interface RouteOptions {
  category?: Category | ((call: ApiCall) => Category);
  /** Errors stand under `error`, as on the embed routes. */
  nestedErrors?: boolean;
}

/** A request that is being answered. */
interface OpenExchange {
  hooked: Call;
  call: ApiCall;
  reply: FastifyReply;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Routes of the provider's API: key, rate limit, faults and counters in one place. */
export class Api {
  constructor(
    private readonly app: FastifyInstance,
    private readonly emulation: Emulation,
    private readonly traffic: Traffic,
    private readonly onExchange?: (exchange: Exchange) => void,
  ) {}

  /** @param path below the version, with parameters in braces: `/assets/{asset_id}`. */
  route(
    method: Method,
    path: string,
    read: (call: ApiCall) => Effect | Promise<Effect>,
    options: RouteOptions = {},
  ): void {
    const route = `${method} ${path}`;
    this.traffic.routes.add(route);
    this.app.route({
      method,
      url: `/v1.3${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      handler: async (request, reply) => {
        const hooked = this.traffic.begin(route, request.url, request.headers['x-api-key']?.toString());
        const call: ApiCall = {
          params: request.params as Record<string, string>,
          query: request.query as Query,
          body: request.body,
          raw: request,
        };
        try {
          await this.serve({ hooked, call, reply }, read, options);
        } catch (error) {
          this.refuse({ hooked, call, reply }, error, options);
        }
        return reply;
      },
    });
  }

  /** An answer to an operation that has nothing to say. */
  get done(): Answer {
    return { status: this.emulation.settings.voidStatus };
  }

  private async serve(
    exchange: OpenExchange,
    read: (call: ApiCall) => Effect | Promise<Effect>,
    { category, nestedErrors }: RouteOptions,
  ): Promise<void> {
    const { hooked, call, reply } = exchange;
    this.authenticate(call.raw);
    const effect = await read(call);
    const fault = await this.traffic.faultFor(hooked);
    if (fault && (fault.drop || fault.status !== undefined)) {
      return this.strike(exchange, fault, shaped(fault, nestedErrors === true), effect);
    }
    if (category)
      reply.headers(this.spend(hooked.route, typeof category === 'function' ? category(call) : category, call));
    const answer = await this.run(effect);
    await this.traffic.afterEffect();
    if (fault?.twice) await this.run(effect).catch(() => {}); // the second is refused where there is nothing left to do
    this.send(exchange, answer);
  }

  private spend(route: string, category: Category, { body }: ApiCall): Record<string, string> {
    const { limits, settings } = this.emulation;
    const { retryAfterHeader } = settings;
    const retryAfter = retryAfterHeader === 'documented' ? route === 'POST /embed-v2/tasks' : retryAfterHeader;
    return limits.spend(category, mediaSecOf(this.emulation, body), retryAfter);
  }

  private async run(effect: Effect): Promise<Answer> {
    const answer = await effect();
    this.emulation.store.changed();
    return answer;
  }

  private async strike(exchange: OpenExchange, fault: Fault, body: unknown, effect: Effect): Promise<void> {
    const { hooked, call, reply } = exchange;
    await this.traffic.effectUnder(fault, () => this.run(effect));
    if (fault.drop) {
      this.observe(exchange, {});
      this.traffic.answered(hooked, 'dropped', reply.raw);
      reply.hijack();
      call.raw.raw.socket.destroy();
      return;
    }
    const status = fault.status ?? 500;
    reply.headers(fault.headers ?? {});
    this.send(exchange, { status, body: body ?? undefined }, { bodyGiven: 'body' in fault || status < 400 });
  }

  private authenticate({ headers }: FastifyRequest): void {
    const key = headers['x-api-key'];
    const { apiKeys } = this.emulation.settings;
    if (typeof key === 'string' && key !== '' && (apiKeys?.includes(key) ?? true)) return;
    throw new ApiError(401, 'api_key_invalid', 'The API key is missing, invalid or expired.');
  }

  /** @param fault the one that chose the status; a body that it gave may be anything. */
  private send(exchange: OpenExchange, { status, body }: Answer, fault?: { bodyGiven: boolean }): void {
    const { hooked, reply } = exchange;
    const checked = fault?.bodyGiven ? {} : { answer: { body } };
    this.observe(exchange, { status, ...checked, byFault: fault !== undefined });
    this.traffic.answered(hooked, status, reply.raw);
    reply.header('x-api-version', 'v1.3');
    reply.status(status).header('date', new Date(this.emulation.clock.iso()).toUTCString());
    if (body === undefined) reply.send();
    else reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
  }

  private observe({ hooked, call }: OpenExchange, outcome: Pick<Exchange, 'status' | 'answer' | 'byFault'>): void {
    const { query, body, form } = call;
    this.onExchange?.({ route: hooked.route, query, body: form ?? body, ...outcome });
  }

  private refuse(exchange: OpenExchange, error: unknown, { nestedErrors }: RouteOptions): void {
    const { reply } = exchange;
    if (reply.sent) return;
    const known = error instanceof ApiError ? error : unexpected(error);
    reply.headers(known.headers);
    const words = { code: known.code, message: known.message };
    const nested = nestedErrors === true && known.status !== 401; // 401 is flat everywhere
    this.send(exchange, { status: known.status, body: nested ? { error: words } : words });
  }
}

/** A fault's body in the shape of the route's errors: one without any gets one, one of the other shape is put right. */
function shaped(fault: Fault, nested: boolean): unknown {
  const body = 'body' in fault ? fault.body : { code: 'emulator_fault', message: 'A fault that was asked for.' };
  const flat = typeof body === 'object' && body !== null && 'code' in body && 'message' in body;
  return nested && flat && fault.status !== 401 ? { error: body } : body;
}

const unexpected = (error: unknown): ApiError =>
  new ApiError(500, 'generic_error', error instanceof Error ? error.message : String(error));
