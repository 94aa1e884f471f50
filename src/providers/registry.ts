import type { z } from 'zod';
import { NO_BRANCH, type Branch, type BranchPlan } from '../contracts/branches/branch';
import { failure } from '../contracts/failures';
import type { ProviderName } from '../contracts/ids';
import { DeletionInputSchema, type AcceptedDeletion } from '../contracts/ledger/deletion';
import { SweepInputSchema, type AcceptedSweep } from '../contracts/ledger/sweep';
import { checkAgainst, type CompleteInput } from '../contracts/lifecycle-input';
import { filenameOfSource } from '../contracts/source-name';
import type { BranchDeclaration } from './branch-kind';
import type { ProviderDeclaration } from './provider-declaration';
import { twelvelabs } from './twelvelabs/declaration';
import type { TwelveLabsInput } from './twelvelabs/input';

/** The providers that a lifecycle can run at; the first is the default. */
export const PROVIDERS = [twelvelabs] as const;

/** What a caller sends. In JSON an optional field may also be `null`. */
export type LifecycleInput = TwelveLabsInput;

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
  const accepted = checkAgainst(schemaOf(declared), 'lifecycle', input) as Record<string, unknown>;
  const common: Record<string, unknown> = {};
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(accepted)) {
    (declared.fields.includes(name) ? fields : common)[name] = field;
  }
  return { ...(common as Omit<CompleteInput, 'fields'>), fields }; // the schema has checked them
}

/** Schemas of the whole input, one for each provider, for the published JSON Schema. */
export const inputSchemas = (registry: Registry = REGISTRY): z.ZodType[] => registry.map(schemaOf);

const schemas = new WeakMap<ProviderDeclaration, z.ZodType>();

/** Schema of a provider's whole input, with all of its branches; built once. */
function schemaOf(declared: ProviderDeclaration): z.ZodType {
  const known = schemas.get(declared);
  if (known) return known;
  const schema = declared.input(declared.branches);
  schemas.set(declared, schema);
  return schema;
}

/** What the input's branch may make; `undefined` without a branch. */
export function planOf({ provider, branch }: CompleteInput, registry: Registry = REGISTRY): BranchPlan | undefined {
  return branchOf(provider, branch, registry)?.plan(branch);
}

/** Why a source of that name cannot have the input's branch; `undefined` if it can. */
export function branchRefusal(
  { provider, source, filename, branch }: CompleteInput,
  registry: Registry = REGISTRY,
): string | undefined {
  if (source.type === 'asset') return undefined;
  const name = filename ?? filenameOfSource(source);
  const refusal = branchOf(provider, branch, registry)?.refusal?.(branch, name);
  return refusal && `${refusal} (${name})`;
}

function branchOf(provider: ProviderName, branch: Branch, registry: Registry): BranchDeclaration<Branch> | undefined {
  if (branch.type === NO_BRANCH) return undefined;
  return declarationOf(provider, registry).branches.find(({ type }) => type === branch.type);
}

/** Checks the input of a deletion and fills in the default provider. @throws InvalidRequest */
export function acceptDeletion(input: unknown): AcceptedDeletion {
  const accepted = checkAgainst(DeletionInputSchema, 'deletion', withProvider(input));
  declaredFor(accepted.provider, 'deletion', REGISTRY);
  return accepted;
}

/** Checks the input of a sweep and fills in the default provider. @throws InvalidRequest */
export function acceptSweep(input: unknown): AcceptedSweep {
  const accepted = checkAgainst(SweepInputSchema, 'sweep', withProvider(input));
  declaredFor(accepted.provider, 'sweep', REGISTRY);
  return accepted;
}

const providerIn = (input: unknown): unknown =>
  typeof input === 'object' && input !== null ? (input as { provider?: unknown }).provider : undefined;

function withProvider(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return { ...input, provider: providerIn(input) ?? DEFAULT_PROVIDER };
}

/** @throws InvalidRequest in the words of a whole input's check */
function declaredFor(name: unknown, whose: string, registry: Registry): ProviderDeclaration {
  const declared = registry.find((one) => one.name === name);
  if (declared) return declared;
  throw failure('InvalidRequest', `The ${whose}'s input is not valid: provider: ${mustBeOneOf(registry)}`);
}
