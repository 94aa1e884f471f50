import { z } from 'zod';
import type { Branch, BranchPlan } from './branches/branch';
import { CLEANUP_POLICIES } from './cleanup-policy';
import { DEFAULT_BRANCH_DEADLINE } from './branches/branch-deadline';
import { durationMs } from './duration';
import { failure } from './failures';
import { describeIssues } from './checks/describe-issues';
import { plainInput } from './checks/plain-input';
import { keyOfWorkflowId, lifecycleWorkflowId, type ProviderName } from './ids';
import type { Source } from './source';
import { HALF_A_CHARACTER, isWhole } from './values/text';

const LONGEST_DEADLINE_MS = 30 * 86_400_000;

const A_DEADLINE = 'must be a duration from "1s" to "30d", such as "90s", "30m" or "2h"';

const deadline = z.string().refine((text) => {
  const ms = durationMs(text);
  return ms !== undefined && ms >= 1000 && ms <= LONGEST_DEADLINE_MS;
}, A_DEADLINE);

const printable = (text: string): boolean => !/\p{Cc}/u.test(text);

/** User metadata as the provider keeps it: flat, and with room for the lifecycle's own tag. */
export const MetadataSchema = z
  .record(
    z.string().min(1).max(128),
    z.union([z.string().max(2000), z.number(), z.boolean()], {
      error: 'must be a string, a number or true/false (nested values are not kept by the provider)',
    }),
  )
  .refine((metadata) => Object.keys(metadata).length <= 50, 'must have at most 50 fields')
  .refine(
    (metadata) => !Object.keys(metadata).some((name) => name.startsWith('asset_lifecycle_')),
    'must not have fields that start with "asset_lifecycle_": they are the lifecycle\'s own tag',
  );
export type Metadata = z.output<typeof MetadataSchema>;

export const UPLOAD_METHODS = ['auto', 'direct', 'multipart'] as const;

const CleanupPolicySchema = z.enum(CLEANUP_POLICIES);

/** The business key of a lifecycle: one key, one lifecycle, one asset. */
export const KeySchema = z
  .string()
  .min(1)
  .max(200)
  .refine(printable, 'must not contain control characters')
  .refine(isWhole, HALF_A_CHARACTER)
  .refine((key) => key.trim() === key, 'must not begin or end with white space');

/** Fields that every provider's input has, beside `provider`, `source`, `branch` and those of its own. */
export const COMMON_FIELDS = {
  /** Default: the workflow id's own key. */
  key: KeySchema.optional(),
  /** Name at the provider; default: the file's or the URL's own name. */
  filename: z
    .string()
    .min(1)
    .max(255)
    .refine(printable, 'must not contain control characters')
    .refine((name) => !/[\\/]/.test(name), 'must be a bare name without a path separator')
    .optional(),
  metadata: MetadataSchema.default({}),
  /** Upload in one request or in parts; `auto` chooses by size and kind of file. */
  upload: z
    .strictObject({
      method: z.enum(UPLOAD_METHODS).default('auto'),
      /** Parts sent at the same time. */
      concurrency: z.number().int().min(1).max(16).default(4),
    })
    .prefault({}),
  /** Cleanup policies for a stopped and for a failed lifecycle. */
  cleanup: z
    .strictObject({
      onCancel: CleanupPolicySchema.default('delete'),
      onFailure: CleanupPolicySchema.default('keep'),
    })
    .prefault({}),
  /** Looks at the media of a file or S3 object before anything is sent, and refuses what the provider would. */
  preflight: z.boolean().default(true),
  /** How long to wait for the asset to be ready, and for each branch after that; also one for each type of branch. */
  deadlines: z
    .strictObject({
      ready: deadline.default('2h'),
      branch: z
        .union([deadline, z.record(z.string(), deadline)], { error: A_DEADLINE })
        .default(DEFAULT_BRANCH_DEADLINE),
    })
    .prefault({}),
} as const;

type Common = z.output<z.ZodObject<typeof COMMON_FIELDS>>;

/** Values of the provider's own input fields, by name; checked by the provider's schema. */
export type ProviderFields = Readonly<Record<string, unknown>>;

/** A lifecycle's input for any provider: checked, and with its defaults. */
export interface CompleteInput extends Common {
  provider: ProviderName;
  source: Source;
  /** The steps after the asset is ready, run side by side; none for the branch `none`. */
  branches: readonly Branch[];
  /** The provider's own fields. */
  fields: ProviderFields;
}

/** Input of a run, with everything that is looked up when it starts. */
export interface AcceptedInput extends CompleteInput {
  key: string;
  /** What each of the branches may make, in their order. */
  plans: readonly BranchPlan[];
  /** The place of the asset, at a provider with places. */
  place?: string;
  /** Id of the Temporal namespace. */
  owner: string;
  /** For a file source: task queue of the workers that serve its folder; absent if no worker does. */
  sourceQueue?: string;
}

/**
 * Checks an input and fills in the defaults. A field that is `null` counts as absent.
 * @param whose names the workflow in the message: `lifecycle`, `sweep`.
 * @throws InvalidRequest naming every wrong field and what it may be.
 */
export function checkAgainst<S extends z.ZodType>(schema: S, whose: string, input: unknown): z.output<S> {
  const { value, problem } = plainInput(input);
  const parsed = problem === undefined ? schema.safeParse(value) : undefined;
  if (parsed?.success) return parsed.data;
  throw refusedInput(whose, problem ?? (parsed ? describeIssues(parsed.error) : ''));
}

/** @param why names the field. */
export const refusedInput = (whose: string, why: string) =>
  failure('InvalidRequest', `The ${whose}'s input is not valid: ${why}`);

/**
 * Gives an input the key of its run's workflow id when it names none.
 * @throws InvalidRequest if the workflow id belongs to another key: two runs of one key would share an asset.
 */
export function withKeyOf<I extends CompleteInput>(input: I, workflowId: string): I & { key: string } {
  const { provider, key = keyOfWorkflowId(provider, workflowId) } = input;
  if (key === undefined) {
    const form = lifecycleWorkflowId(provider, '<key>');
    throw failure('InvalidRequest', `key: is not given, and the workflow id "${workflowId}" is not "${form}"`);
  }
  const expected = lifecycleWorkflowId(provider, key);
  if (workflowId !== expected) {
    throw failure('InvalidRequest', `The workflow id of the key "${key}" is "${expected}", not "${workflowId}"`);
  }
  const problems = KeySchema.safeParse(key).error?.issues.map(({ message }) => message);
  if (problems) throw failure('InvalidRequest', `key, from the workflow id: ${problems.join('; ')}`);
  return { ...input, key };
}
