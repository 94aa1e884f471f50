import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Call } from '../traffic/call-hooks';
import type { Fault } from '../traffic/faults';
import type { Traffic } from '../traffic/traffic';
import { ApiError } from './api-error';
import type { Query } from './json-server';

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

/** One request and what it was answered. */
export interface Exchange {
  /** As in the counters: `DELETE /assets/{asset_id}`. */
  route: string;
  query: Record<string, unknown>;
  /** Of JSON, or the fields of a form. */
  body?: unknown;
  /** Missing when the connection was dropped. */
  status?: number;
  /** What was sent; missing when a fault chose it, which then is what the test wants. */
  answer?: { body: unknown };
  /** A fault chose the status, so that any error may be answered; its shape is still the route's. */
  byFault?: boolean;
}

/** A request that is being answered. */
interface OpenExchange {
  hooked: Call;
  call: ApiCall;
  reply: FastifyReply;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type ReadCall = (call: ApiCall) => Effect | Promise<Effect>;

/**
 * Routes of an API, with key, rate limit, faults and counters in one place. How a vendor's API takes keys, counts requests
 * and words errors stands in its subclass.
 * @param Options what a route may say of itself.
 */
export abstract class RoutedApi<Options extends object> {
  /** Before every path: `/v1.3`. */
  protected abstract readonly prefix: string;

  protected constructor(
    private readonly app: FastifyInstance,
    private readonly traffic: Traffic,
    private readonly onExchange?: (exchange: Exchange) => void,
  ) {}

  /**
   * @param path below the prefix, with parameters in braces: `/assets/{asset_id}`, or with an action behind a colon:
   * `/sessions/{id}:cancel`. `/` is the prefix itself.
   */
  route(method: Method, path: string, read: ReadCall, options?: Options): void {
    const route = `${method} ${path}`;
    this.traffic.routes.set(route, 'json');
    this.app.route({
      method,
      url: `${this.prefix}${path === '/' ? '' : patternOf(path)}`,
      handler: async (request, reply) => {
        const hooked = this.traffic.begin(route, request.url, this.keyOf(request));
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

  /** The key that the request came with. */
  protected abstract keyOf(request: FastifyRequest): string | undefined;

  /** @throws ApiError when the key is not taken. */
  protected abstract authenticate(request: FastifyRequest): void;

  /** Counts the request against the limits. @returns headers of its answer. @throws ApiError when there is no room. */
  protected abstract spend(route: string, call: ApiCall, options?: Options): Record<string, string>;

  /** An error in the shape of the route. */
  protected abstract errorBody(error: ApiError, options?: Options): unknown;

  /** The body of a fault's answer, in the shape of the route's errors. */
  protected abstract faultBody(fault: Fault, options?: Options): unknown;

  /** Of every answer. */
  protected abstract answerHeaders(): Record<string, string>;

  /** Something may have changed. */
  protected abstract changed(): void;

  /** Before anything is looked at. */
  protected arrived(): void {}

  private async serve(exchange: OpenExchange, read: ReadCall, options?: Options): Promise<void> {
    const { hooked, call, reply } = exchange;
    this.arrived();
    this.authenticate(call.raw);
    const effect = await read(call);
    const fault = await this.traffic.faultFor(hooked);
    if (fault && (fault.drop || fault.status !== undefined)) {
      return this.strike(exchange, fault, this.faultBody(fault, options), effect);
    }
    reply.headers(this.spend(hooked.route, call, options));
    const answer = await this.run(effect);
    await this.traffic.afterEffect();
    if (fault?.twice) await this.run(effect).catch(() => {}); // the second is refused where there is nothing left to do
    this.send(exchange, answer);
  }

  private async run(effect: Effect): Promise<Answer> {
    const answer = await effect();
    this.changed();
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

  /** @param fault the one that chose the status; a body that it gave may be anything. */
  private send(exchange: OpenExchange, { status, body }: Answer, fault?: { bodyGiven: boolean }): void {
    const { hooked, reply } = exchange;
    const checked = fault?.bodyGiven ? {} : { answer: { body } };
    this.observe(exchange, { status, ...checked, byFault: fault !== undefined });
    this.traffic.answered(hooked, status, reply.raw);
    reply.status(status).headers(this.answerHeaders());
    if (body === undefined) reply.send();
    else reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
  }

  private observe({ hooked, call }: OpenExchange, outcome: Pick<Exchange, 'status' | 'answer' | 'byFault'>): void {
    const { query, body, form } = call;
    this.onExchange?.({ route: hooked.route, query, body: form ?? body, ...outcome });
  }

  private refuse(exchange: OpenExchange, error: unknown, options?: Options): void {
    const { reply } = exchange;
    if (reply.sent) return;
    const known = error instanceof ApiError ? error : unexpected(error);
    reply.headers(known.headers);
    this.send(exchange, { status: known.status, body: this.errorBody(known, options) });
  }
}

/** As the router takes it: a colon of the path is doubled, and a parameter before one ends there. */
const patternOf = (path: string): string =>
  path
    .replaceAll(':', '::')
    .replaceAll(/\{(\w+)\}(?=::)/g, ':$1([^/:]+)')
    .replaceAll(/\{(\w+)\}/g, ':$1');

const unexpected = (error: unknown): ApiError =>
  new ApiError(500, 'generic_error', error instanceof Error ? error.message : String(error));
