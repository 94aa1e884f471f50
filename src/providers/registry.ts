import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { NO_BRANCH, type Branch, type BranchPlan } from '../contracts/branches/branch';
import { failure } from '../contracts/failures';
import type { ProviderName } from '../contracts/ids';
import { DeletionInputSchema, type AcceptedDeletion } from '../contracts/ledger/deletion';
import { SweepInputSchema, type AcceptedSweep } from '../contracts/ledger/sweep';
import { checkAgainst, refusedInput, type CompleteInput } from '../contracts/lifecycle-input';
import { filenameOfSource } from '../contracts/source-name';
import type { MediaItem } from '../media/media-facts';
import type { BranchDeclaration } from './branch-kind';
import type { ProviderDeclaration } from './provider-declaration';
import { datatureVi } from './datature-vi/declaration';
import type { DatatureViInput } from './datature-vi/input';
import { twelvelabs } from './twelvelabs/declaration';
import type { TwelveLabsInput } from './twelvelabs/input';

/** The providers that a lifecycle can run at; the first is the default. */
export const PROVIDERS = [twelvelabs, datatureVi] as const;

/** What a caller sends. In JSON an optional field may also be `null`. */
export type LifecycleInput = TwelveLabsInput | DatatureViInput;

type PlaceFieldOf<D> = D extends { readonly placeField: infer Field extends string } ? Field : never;
/** The field that names a place: of a deletion, at a provider with places. */
export type PlaceInput = { [Field in PlaceFieldOf<(typeof PROVIDERS)[number]>]?: string };
/** The field that names places: of a sweep, at a provider with places. */
export type PlacesInput = { [Field in keyof PlaceInput]: string | readonly string[] };

/** A list of providers; tests pass longer ones. */
export type Registry = readonly [ProviderDeclaration, ...ProviderDeclaration[]];

const REGISTRY: Registry = PROVIDERS;

export const DEFAULT_PROVIDER: ProviderName = REGISTRY[0].name;

/** Names of all providers. */
export const providerNames = (registry: Registry = REGISTRY): ProviderName[] => registry.map(({ name }) => name);

/** Types of the branches of all providers, and `none`. */
export const branchTypes = (registry: Registry = REGISTRY): string[] => [
  ...new Set([...registry.flatMap(({ branches }) => branches.map(({ type }) => type)), NO_BRANCH]),
];

/** Declaration of the provider of that name. @throws InvalidRequest that lists all providers */
export function declarationOf(name: unknown, registry: Registry = REGISTRY): ProviderDeclaration {
  const declared = registry.find((one) => one.name === name);
  if (declared) return declared;
  throw failure('InvalidRequest', `provider: ${mustBeOneOf(registry)}`);
}

const mustBeOneOf = (registry: Registry): string =>
  registry.length === 1
    ? `Invalid input: expected "${registry[0].name}"`
    : `Invalid option: expected one of ${providerNames(registry)
        .map((name) => `"${name}"`)
        .join('|')}`;

/** Checks a lifecycle's input and fills in its provider's defaults. @throws InvalidRequest naming every wrong field */
export function acceptInput(input: unknown, registry: Registry = REGISTRY): CompleteInput {
  const declared = declaredFor(providerIn(input) ?? registry[0].name, 'lifecycle', registry);
  const { branch, ...accepted } = checkAgainst(inputSchemaOf(declared), 'lifecycle', input) as Record<string, unknown>;
  const common: Record<string, unknown> = {};
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(accepted)) {
    (declared.fields.includes(name) ? fields : common)[name] = field;
  }
  const checked = common as Omit<CompleteInput, 'fields' | 'branches'>; // the schema has checked them
  const complete = { ...checked, branches: branchesIn(branch as Branch | Branch[]), fields };
  refuseContradictions(complete, declared, registry);
  return complete;
}

/** The input that a run was sent, with today's defaults; `undefined` if it is not valid any more. */
export function acceptAgain(sent: unknown): CompleteInput | undefined {
  try {
    return acceptInput(sent);
  } catch {
    return undefined;
  }
}

const branchesIn = (branch: Branch | Branch[]): Branch[] => [branch].flat().filter(({ type }) => type !== NO_BRANCH);

/** What no schema of a single field can tell. @throws InvalidRequest */
function refuseContradictions(input: CompleteInput, declared: ProviderDeclaration, registry: Registry): void {
  const { branches, deadlines } = input;
  const repeated = branches.findIndex((branch, index) =>
    branches.slice(0, index).some((one) => isDeepStrictEqual(one, branch)),
  );
  if (repeated >= 0) throw notValid(`branch.${repeated}: is the same branch again`);
  const made = plansOf(input, registry).map(({ makes }) => makes && [makes.kind, makes.in, makes.id ?? makes.name]);
  const twice = made.findIndex(
    (one, index) => one && made.slice(0, index).some((before) => isDeepStrictEqual(before, one)),
  );
  if (twice >= 0)
    throw notValid(`branch.${twice}: would make the same ${made[twice]?.[0]} as another branch of the list`);
  const types = declared.branches.map(({ type }) => type);
  const unknown = Object.keys(typeof deadlines.branch === 'string' ? {} : deadlines.branch).find(
    (type) => !types.includes(type),
  );
  if (unknown !== undefined) {
    throw notValid(
      `deadlines.branch: names a branch that "${declared.name}" does not have; it has ${types.join(', ')}`,
    );
  }
}

const notValid = (why: string) => refusedInput('lifecycle', why);

/** Schemas of the whole input, one for each provider, for the published JSON Schema. */
export const inputSchemas = (registry: Registry = REGISTRY): z.ZodType[] => registry.map(inputSchemaOf);

const schemas = new WeakMap<ProviderDeclaration, z.ZodObject>();

/** Schema of a provider's whole input, with all of its branches; built once. */
export function inputSchemaOf(declared: ProviderDeclaration): z.ZodObject {
  const known = schemas.get(declared);
  if (known) return known;
  const schema = declared.input(declared.branches);
  schemas.set(declared, schema);
  return schema;
}

/** Id of the place that the input names, at a provider with places; `undefined` for an input that names none. */
export function placeOf(
  { provider, fields }: Pick<CompleteInput, 'provider' | 'fields'>,
  registry: Registry = REGISTRY,
): string | undefined {
  const { placeField } = declarationOf(provider, registry);
  const place = placeField === undefined ? undefined : fields[placeField];
  return typeof place === 'string' ? place : undefined;
}

/** What each of the input's branches may make, in their order. */
export const plansOf = ({ provider, branches }: CompleteInput, registry: Registry = REGISTRY): BranchPlan[] =>
  branches.map((branch) => branchOf(provider, branch, registry).plan(branch));

/** Why a source of that name cannot have one of the input's branches; `undefined` if it can. */
export function branchRefusal(
  { provider, source, filename, branches }: CompleteInput,
  registry: Registry = REGISTRY,
): string | undefined {
  if (source.type === 'asset') return undefined;
  const name = filename ?? filenameOfSource(source);
  for (const branch of branches) {
    const refusal = branchOf(provider, branch, registry).refusal?.(branch, name);
    if (refusal) return `${refusal} (${name})`;
  }
  return undefined;
}

/**
 * Why the provider would refuse that content once it is there: by its own rules, else by those of each branch;
 * `undefined` if nothing published speaks against it.
 */
export function mediaRefusal(
  { provider, branches }: Pick<CompleteInput, 'provider' | 'branches'>,
  media: MediaItem,
  registry: Registry = REGISTRY,
): string | undefined {
  const own = declarationOf(provider, registry).mediaRefusal?.(media);
  if (own) return own;
  const refusals = branches.flatMap(
    (branch) => branchOf(provider, branch, registry).mediaRefusal?.(branch, media) ?? [],
  );
  return refusals.length > 0 ? refusals.join('; ') : undefined;
}

function branchOf(provider: ProviderName, branch: Branch, registry: Registry): BranchDeclaration<Branch> {
  const declared = declarationOf(provider, registry).branches.find(({ type }) => type === branch.type);
  if (declared) return declared;
  throw failure('InvalidRequest', `branch.type: "${provider}" has no branch "${branch.type}"`);
}

/**
 * Checks the input of a deletion and fills in the default provider. At a provider with places it has to name the place, by
 * the field of a lifecycle's input. @throws InvalidRequest
 */
export function acceptDeletion(input: unknown, registry: Registry = REGISTRY): AcceptedDeletion {
  const declared = declaredFor(providerIn(input) ?? registry[0].name, 'deletion', registry);
  const { field, others } = placeTaken(input, declared);
  const accepted = checkAgainst(DeletionInputSchema, 'deletion', others);
  if (declared.placeField === undefined) return accepted;
  const named = z.object({ [declared.placeField]: placeSchemaOf(declared) });
  return { ...accepted, place: checkAgainst(named, 'deletion', field)[declared.placeField] };
}

/**
 * Checks the input of a sweep and fills in the default provider. At a provider with places it has to name those to sweep,
 * one or a list, by the field of a lifecycle's input. @throws InvalidRequest
 */
export function acceptSweep(input: unknown, registry: Registry = REGISTRY): AcceptedSweep {
  const declared = declaredFor(providerIn(input) ?? registry[0].name, 'sweep', registry);
  const { field, others } = placeTaken(input, declared);
  const accepted = checkAgainst(SweepInputSchema, 'sweep', others);
  if (declared.placeField === undefined) return accepted;
  const list = z.array(placeSchemaOf(declared), { error: 'must be one, or a list of some' }).min(1).max(MOST_PLACES);
  const oneOrMore = z.preprocess((value) => (typeof value === 'string' ? [value] : value), list);
  const places = checkAgainst(z.object({ [declared.placeField]: oneOrMore }), 'sweep', field)[declared.placeField];
  return { ...accepted, places: [...new Set(places)] };
}

/** Places of one sweep. */
const MOST_PLACES = 1000;

/** The field that names the place, and all others with the provider's name; anything but an object stays as it is. */
function placeTaken(input: unknown, { name, placeField }: ProviderDeclaration): { field: object; others: unknown } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { field: {}, others: input };
  const fields = Object.entries({ ...input, provider: name });
  const isOfPlace = ([field]: [string, unknown]): boolean => field === placeField;
  return {
    field: Object.fromEntries(fields.filter(isOfPlace)),
    others: Object.fromEntries(fields.filter((one) => !isOfPlace(one))),
  };
}

/** Schema of the field that names the place, as a lifecycle's input has it. */
function placeSchemaOf(declared: ProviderDeclaration): z.ZodType<string> {
  const { name, placeField = '' } = declared;
  const schema = inputSchemaOf(declared);
  const field: unknown = schema.shape[placeField];
  if (field instanceof z.ZodType) return field as z.ZodType<string>; // the ids of a place are texts
  throw new Error(`${name}: its input has no field "${placeField}"`);
}

const providerIn = (input: unknown): unknown =>
  typeof input === 'object' && input !== null ? (input as { provider?: unknown }).provider : undefined;

/** @throws InvalidRequest in the words of a whole input's check */
export function declaredFor(name: unknown, whose: string, registry: Registry): ProviderDeclaration {
  const declared = registry.find((one) => one.name === name);
  if (declared) return declared;
  throw refusedInput(whose, `provider: ${mustBeOneOf(registry)}`);
}
