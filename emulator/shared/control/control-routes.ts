import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../clock';
import { ApiError, parseParameters } from '../server/api-error';
import { FaultSchema } from '../traffic/faults';
import { PaceSchema, type Traffic } from '../traffic/traffic';

/** How long work takes: a base, and more for each megabyte (1,000,000 bytes). Zero and zero is at once. */
export interface Processing {
  baseMs: number;
  msPerMegabyte: number;
}

const ClockSchema = z.strictObject({ advanceMs: z.number().min(0).default(0), skewMs: z.number().optional() });
const ProcessingSchema = z.strictObject({ baseMs: z.number().min(0), msPerMegabyte: z.number().min(0) });
const FailSchema = z.strictObject({ id: z.string(), message: z.string() });

const invalid = (message: string): ApiError => new ApiError(400, 'parameter_invalid', message);

const missing = (parameter: string): ApiError =>
  new ApiError(400, 'parameter_not_provided', `The ${parameter} parameter is required but was not provided.`);

/** Checks the body of a control request. @throws ApiError that names the parameter */
export const parseControl = <T>(schema: z.ZodType<T>, body: unknown): T =>
  parseParameters(schema, body, { missing, invalid });

/** What a vendor's emulator gives the control API. */
export interface Controlled {
  /** Answer of `GET /`, beside the time. It tells a client that this is an emulator, and of which provider. */
  identity: Readonly<Record<string, string>>;
  traffic: Traffic;
  clock: Clock;
  settings: { processing: Processing };
  /** Every object. */
  state(): unknown;
  /** The time was changed. */
  changed(): void;
  /** Makes an object end as failed. @throws ApiError when there is none that can. */
  fail(id: string, message: string): void;
  /** Forgets everything but faults and counters, which are forgotten here. */
  forget(): Promise<void>;
}

/** Below it are the routes of every emulator's control API. */
export const CONTROL_PREFIX = '/_emulator';

/** The control API, for tests and people: shows every object, and sets clock, faults and pace. Needs no API key. */
export function controlRoutes(app: FastifyInstance, controlled: Controlled): void {
  const { identity, traffic, clock, settings } = controlled;
  const { faults, counters } = traffic;
  const at = (path: string): string => `${CONTROL_PREFIX}${path}`;
  const time = () => ({ nowMs: clock.now(), advancedMs: clock.advancedMs, skewMs: clock.skewMs });
  app.get(at('/'), () => ({ ...identity, ...time() }));
  app.get(at('/state'), () => controlled.state());
  app.get(at('/counters'), () => counters.all());
  app.get(at('/counters/parts'), () => counters.parts());
  app.get(at('/clock'), time);
  app.post(at('/clock'), ({ body }) => {
    const { advanceMs, skewMs = clock.skewMs } = parseControl(ClockSchema, body);
    clock.skewMs = skewMs;
    clock.advance(advanceMs);
    controlled.changed();
    return time();
  });
  app.get(at('/faults'), () => faults.list());
  app.post(at('/faults'), ({ body }) => {
    const fault = parseControl(FaultSchema, body);
    const carries = traffic.routes.get(fault.route);
    if (!carries) throw invalid(`The emulator has no route ${JSON.stringify(fault.route)}.`);
    if (fault.dropAfterBytes !== undefined && carries !== 'bytes') {
      const [route] = [...traffic.routes].find(([, kind]) => kind === 'bytes') ?? ['no route here'];
      throw invalid(`The request is invalid: dropAfterBytes is for ${route}.`);
    }
    return { id: faults.add(fault) };
  });
  app.delete(at('/faults'), () => {
    faults.clear();
    return {};
  });
  app.delete(at('/faults/:id'), ({ params }) => ({
    removed: faults.remove(Number((params as { id: string }).id)),
  }));
  app.post(at('/processing'), ({ body }) => {
    settings.processing = parseControl(ProcessingSchema, body);
    return settings.processing;
  });
  app.post(at('/pace'), ({ body }) => {
    traffic.pace = parseControl(PaceSchema, body);
    return traffic.pace;
  });
  app.post(at('/fail'), ({ body }) => {
    const { id, message } = parseControl(FailSchema, body);
    controlled.fail(id, message);
    return {};
  });
  app.post(at('/reset'), async () => {
    await controlled.forget();
    faults.clear();
    counters.clear();
    return {};
  });
}
