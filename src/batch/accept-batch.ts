import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BATCH_FIELDS, type AcceptedBatch } from '../contracts/batch/batch-input';
import { BatchDeletionInputSchema, type BatchDeletionInput } from '../contracts/batch/batch-deletion';
import type { ListingStart } from '../contracts/batch/listed-items';
import { templateProblem } from '../contracts/batch/filename-template';
import { plainInput } from '../contracts/checks/plain-input';
import { checkAgainst, refusedInput, type ProviderFields } from '../contracts/lifecycle-input';
import { HALF_A_CHARACTER, halfCharactersIn } from '../contracts/values/text';
import type { ProviderDeclaration } from '../providers/provider-declaration';
import {
  acceptInput,
  declarationOf,
  declaredFor,
  inputSchemaOf,
  PROVIDERS,
  type Registry,
} from '../providers/registry';

const LONGEST_FILENAME = 255;

const FilenameTemplateSchema = z
  .string()
  .min(1)
  .max(LONGEST_FILENAME)
  .superRefine((template, context) => {
    const problem = /[\\/]/.test(template) ? 'must be a bare name without a path separator' : templateProblem(template);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** What every item of a batch may get at a provider: a lifecycle's input without source and key, nothing of it required. */
function eachSchema(declared: ProviderDeclaration) {
  const { source: _source, key: _key, ...shape } = inputSchemaOf(declared).shape;
  return z.strictObject({ ...shape, filename: FilenameTemplateSchema }).partial();
}

const schemas = new WeakMap<ProviderDeclaration, ReturnType<typeof newBatchSchema>>();

const newBatchSchema = (declared: ProviderDeclaration) =>
  z.strictObject({ ...BATCH_FIELDS, each: eachSchema(declared).default({}) }).superRefine((input, context) => {
    for (const path of halfCharactersIn(input)) context.addIssue({ code: 'custom', message: HALF_A_CHARACTER, path });
  });

/** Schema of the input of a batch at a provider; built once. */
export function batchSchemaOf(declared: ProviderDeclaration): ReturnType<typeof newBatchSchema> {
  const known = schemas.get(declared);
  if (known) return known;
  const schema = newBatchSchema(declared);
  schemas.set(declared, schema);
  return schema;
}

/** Names of the fields that an item's input has at a provider. */
export const itemFieldsOf = (declared: ProviderDeclaration): string[] => Object.keys(inputSchemaOf(declared).shape);

/**
 * Checks the input of a batch, and fills in the defaults of its own fields. What `each` says is checked too, and kept as the
 * caller sent it, since an item may say otherwise.
 * @throws InvalidRequest naming every wrong field
 */
export function acceptBatch(input: unknown, registry: Registry = PROVIDERS): AcceptedBatch {
  const { value } = plainInput(input);
  const given = fieldsIn(fieldsIn(value).each);
  const provider = given.provider ?? registry[0].name;
  const declared = providerNamed(provider, registry);
  const { each: _checked, onCancel, ...common } = checkAgainst(batchSchemaOf(declared), 'batch', input);
  const each = withOnCancel(given, onCancel);
  refuseContradictions(each, declared, registry);
  return { ...common, provider: declared.name, each };
}

/** Checks the input of the deletion of a batch. @throws InvalidRequest naming every wrong field */
export function acceptBatchDeletion(input: unknown, registry: Registry = PROVIDERS): BatchDeletionInput {
  const accepted = checkAgainst(BatchDeletionInputSchema, 'deletion', input);
  declaredFor(accepted.provider, 'deletion', registry);
  return accepted;
}

/** An item's own policy wins over that of `each`, and that over none. */
function withOnCancel(each: ProviderFields, onCancel: string | undefined): ProviderFields {
  if (onCancel === undefined) return each;
  const cleanup = fieldsIn(each.cleanup);
  if (cleanup.onCancel !== undefined && cleanup.onCancel !== onCancel) {
    throw refusedInput('batch', 'onCancel: each.cleanup.onCancel says otherwise; give one of the two');
  }
  return { ...each, cleanup: { ...cleanup, onCancel } };
}

/** What no field alone can tell, such as a branch that is named twice: told now rather than of every item. */
function refuseContradictions(each: ProviderFields, declared: ProviderDeclaration, registry: Registry): void {
  const { filename: _template, ...fields } = each;
  const sample = { ...fields, source: { type: 'file', path: 'sample.mp4' } };
  if (!inputSchemaOf(declared).safeParse(sample).success) return; // a required field is left to the items
  acceptInput(sample, registry);
}

function providerNamed(name: unknown, registry: Registry): ProviderDeclaration {
  try {
    return declarationOf(name, registry);
  } catch (error) {
    throw refusedInput('batch', `each.${(error as Error).message}`);
  }
}

const fieldsIn = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

/** What a batch is: it stays so under its id. */
const IDENTITY = ['storeId', 'provider', 'each', 'items'] as const;

type Identity = Pick<ListingStart, (typeof IDENTITY)[number]>;

/** The first field in which a start differs from the batch as it began; `undefined` if it is the same batch. */
export function otherFieldOf(begun: Identity, start: Identity): (typeof IDENTITY)[number] | undefined {
  const [one, another] = [begun, start].map(comparable);
  return IDENTITY.find((name) => !isDeepStrictEqual(one?.[name], another?.[name]));
}

/** As it is read back from the store. The order of fields means nothing, and a provider that `each` names is the batch's. */
const comparable = ({ each: { provider: _named, ...each }, ...start }: Identity) =>
  JSON.parse(JSON.stringify({ ...start, each })) as Record<string, unknown>;
