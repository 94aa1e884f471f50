import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../../shared/server/api-error';
import { RoutedApi, type Answer, type ApiCall, type Exchange } from '../../shared/server/routed-api';
import type { Fault } from '../../shared/traffic/faults';
import type { Traffic } from '../../shared/traffic/traffic';
import type { Category } from '../rate-limits';
import type { Emulation } from '../rules/emulation';
import { mediaSecOf } from '../rules/media-of-request';

interface RouteOptions {
  category?: Category | ((call: ApiCall) => Category);
  /** Errors stand under `error`, as on the embed routes. */
  nestedErrors?: boolean;
}

/**
 * Routes of the provider's API, with its keys, limits and two shapes of errors.
 * Source: the v1.3 OpenAPI document: `x-api-key`, `ErrorResponse` of `/embed-v2`, and the flat error of all others.
 */
export class Api extends RoutedApi<RouteOptions> {
  protected readonly prefix = '/v1.3';

  constructor(
    app: FastifyInstance,
    private readonly emulation: Emulation,
    traffic: Traffic,
    onExchange?: (exchange: Exchange) => void,
  ) {
    super(app, traffic, onExchange);
  }

  /** An answer to an operation that has nothing to say. */
  get done(): Answer {
    return { status: this.emulation.settings.voidStatus };
  }

  protected keyOf({ headers }: FastifyRequest): string | undefined {
    return headers['x-api-key']?.toString();
  }

  protected authenticate({ headers }: FastifyRequest): void {
    const key = headers['x-api-key'];
    const { apiKeys } = this.emulation.settings;
    if (typeof key === 'string' && key !== '' && (apiKeys?.includes(key) ?? true)) return;
    throw new ApiError(401, 'api_key_invalid', 'The API key is missing, invalid or expired.');
  }

  protected spend(route: string, call: ApiCall, { category }: RouteOptions = {}): Record<string, string> {
    if (!category) return {};
    const { limits, settings } = this.emulation;
    const { retryAfterHeader } = settings;
    const retryAfter = retryAfterHeader === 'documented' ? route === 'POST /embed-v2/tasks' : retryAfterHeader;
    const counted = typeof category === 'function' ? category(call) : category;
    return limits.spend(counted, mediaSecOf(this.emulation, call.body), retryAfter);
  }

  protected errorBody({ status, code, message }: ApiError, { nestedErrors }: RouteOptions = {}): unknown {
    const words = { code, message };
    const nested = nestedErrors === true && status !== 401; // 401 is flat everywhere
    return nested ? { error: words } : words;
  }

  /** One without any body gets one; one of the other shape is put right. */
  protected faultBody(fault: Fault, { nestedErrors }: RouteOptions = {}): unknown {
    const body = 'body' in fault ? fault.body : { code: 'emulator_fault', message: 'A fault that was asked for.' };
    const flat = typeof body === 'object' && body !== null && 'code' in body && 'message' in body;
    return nestedErrors === true && flat && fault.status !== 401 ? { error: body } : body;
  }

  protected answerHeaders(): Record<string, string> {
    return { 'x-api-version': 'v1.3', date: new Date(this.emulation.clock.iso()).toUTCString() };
  }

  protected changed(): void {
    this.emulation.store.changed();
  }
}
