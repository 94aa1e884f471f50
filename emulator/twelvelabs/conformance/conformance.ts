import { appendFileSync } from 'node:fs';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Exchange } from '../../shared/server/routed-api';
import type { Profile } from '../rules/emulation';
import { DRIFT, SEEDS_FIELDS, SEEDS_SCHEMAS, UNDECLARED, type Shape } from './drift';
import document from './twelvelabs-schemas.json';

interface Route {
  query?: Record<string, Shape>;
  body?: Shape;
  answers: Record<string, Shape | null>;
  errors: number[];
  /** Takes parameters that are not listed. */
  openQuery?: boolean;
}

const DOCUMENT = 'twelvelabs';

/** Holds requests and answers against the provider's own schemas, and names every difference that is not known drift. */
export class Conformance {
  private readonly routes: Record<string, Route>;
  private readonly compiled = new Map<string, ValidateFunction>();
  private readonly bodies = new Ajv({ strict: false });
  /** Texts of a query or a form stand for numbers, booleans and lists. */
  private readonly texts = new Ajv({ strict: false, coerceTypes: 'array' });

  /** @param profile which description of assets the answers follow. */
  constructor(profile: Profile = 'current') {
    const { routes, schemas } = withDrift(profile);
    this.routes = routes;
    for (const ajv of [this.bodies, this.texts]) {
      addFormats(ajv);
      ajv.addSchema({ $id: DOCUMENT, schemas });
    }
  }

  /** @returns what is wrong, in no particular order; never a value of the request or the answer. */
  check(exchange: Exchange): string[] {
    const route = this.routes[exchange.route];
    if (!route) return [`${exchange.route}: the document has no such route`];
    const wrong = [...this.requestProblems(route, exchange), ...this.answerProblems(route, exchange)];
    return wrong.map((problem) => `${exchange.route} ${exchange.status ?? 'dropped'}: ${problem}`);
  }

  /** A request that the emulator refused was heard of by its sender, so only accepted ones are looked at. */
  private requestProblems(route: Route, { route: name, query, body, status = 0, answer }: Exchange): string[] {
    if (answer && status >= 400) return [];
    const shape: Shape = {
      type: 'object',
      properties: route.query ?? {},
      additionalProperties: route.openQuery ?? false,
    };
    const form = name === 'POST /assets';
    return [
      ...this.problems(this.texts, `query of ${name}`, shape, withRanges(query), 'query'),
      ...(route.body
        ? this.problems(form ? this.texts : this.bodies, `body of ${name}`, route.body, body, 'body')
        : []),
    ];
  }

  private answerProblems(route: Route, { route: name, status, answer, byFault }: Exchange): string[] {
    if (status === undefined || !answer) return [];
    const declared = status === 204 ? route.answers['200'] : route.answers[String(status)];
    if (declared === null) return answer.body === undefined ? [] : ['the answer has a body, and should have none'];
    if (declared) return this.problems(this.bodies, `${status} of ${name}`, declared, answer.body, 'answer');
    const expected = byFault || route.errors.includes(status) || UNDECLARED[status] !== undefined;
    if (!expected) return ['the status is not declared'];
    const nested = name.includes('/embed-v2') && name !== 'GET /embed-v2/tasks' && status !== 401;
    const shape = { $ref: `${DOCUMENT}#/schemas/${nested ? 'ErrorResponse' : 'FlatError'}` };
    return this.problems(this.bodies, nested ? 'nested error' : 'flat error', shape, answer.body, 'answer');
  }

  private problems(ajv: Ajv, name: string, shape: Shape, value: unknown, what: string): string[] {
    const validate = this.compiled.get(name) ?? ajv.compile(shape);
    this.compiled.set(name, validate);
    // As it goes over the wire; and the check of texts changes what it is given.
    const sent: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
    return validate(sent) ? [] : (validate.errors ?? []).map((error) => `${what}${inWords(error)}`);
  }
}

/** Checks every exchange and adds what is wrong to a file, one line each. */
export function recordingTo(file: string, profile: () => Profile): (exchange: Exchange) => void {
  const byProfile = new Map<Profile, Conformance>();
  return (exchange) => {
    const conformance = byProfile.get(profile()) ?? new Conformance(profile());
    byProfile.set(profile(), conformance);
    const problems = conformance.check(exchange);
    if (problems.length > 0) appendFileSync(file, `${problems.join('\n')}\n`);
  };
}

function inWords({ instancePath, message = 'is wrong', params }: ErrorObject): string {
  const unknown = (params as { additionalProperty?: string }).additionalProperty;
  return `${instancePath} ${message}${unknown === undefined ? '' : `: ${unknown}`}`;
}

/** `duration[gte]=4` is a field of `duration`. */
function withRanges(query: Record<string, unknown>): Record<string, unknown> {
  const nested: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    const [, outer, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    if (outer && inner) nested[outer] = { ...(nested[outer] as object | undefined), [inner]: value };
    else nested[name] = value;
  }
  return nested;
}

/** The document with its known drift, where unknown names are refused and references name the document. */
function withDrift(profile: Profile): { routes: Record<string, Route>; schemas: Record<string, Shape> } {
  const text = JSON.stringify(document).replaceAll('"#/schemas/', `"${DOCUMENT}#/schemas/`);
  const { routes, schemas } = JSON.parse(text) as { routes: Record<string, Route>; schemas: Record<string, Shape> };
  for (const drift of DRIFT) {
    if ('route' in drift) {
      const route = routes[drift.route] as Route;
      routes[drift.route] = { ...route, ...drift, query: { ...route.query, ...drift.query } };
    }
    if ('variant' in drift) schemas[drift.schema]?.anyOf?.push(drift.variant);
    if (!('properties' in drift)) continue;
    for (const shape of variantsOf(schemas[drift.schema])) Object.assign(shape.properties ?? {}, drift.properties);
  }
  if (profile === 'seeds') for (const name of SEEDS_SCHEMAS) withSeeds(schemas[name]);
  for (const { body, answers } of Object.values(routes)) [body, answers].forEach(close);
  Object.values(schemas).forEach(close);
  return { routes, schemas };
}

/** Every field of an asset but its id may be null. */
function withSeeds(asset: Shape | undefined): void {
  if (!asset?.properties) return;
  Object.assign(asset.properties, SEEDS_FIELDS);
  for (const [name, shape] of Object.entries(asset.properties)) {
    if (name !== '_id') asset.properties[name] = { anyOf: [shape, { type: 'null' }] };
  }
}

const variantsOf = (shape: Shape | undefined): Shape[] => shape?.anyOf ?? (shape ? [shape] : []);

/** Objects whose fields are listed have no others. */
function close(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, properties, additionalProperties } = node as Shape;
  const listed = type === 'object' && properties !== undefined && Object.keys(properties).length > 0;
  if (listed && additionalProperties === undefined) (node as Shape).additionalProperties = false;
  for (const inner of Object.values(node)) close(inner);
}
