import { z } from 'zod';
import { BranchSchema } from './branch';
import { CLEANUP_POLICIES } from './cleanup-policy';
import { durationMs } from './duration';
import { failure } from './failures';
import { describeIssues, plainInput } from './checks/plain-input';
import { keyOfWorkflowId, lifecycleWorkflowId, PROVIDERS } from './ids';
import { SourceSchema } from './source';
import { HALF_A_CHARACTER, halfCharactersIn, isWhole } from './values/text';

const LONGEST_DEADLINE_MS = 30 * 86_400_000;

const deadline = z.string().refine((text) => {
  const ms = durationMs(text);
  return ms !== undefined && ms >= 1000 && ms <= LONGEST_DEADLINE_MS;
}, 'must be a duration from "1s" to "30d", such as "90s", "30m" or "2h"');

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

const LifecycleFields = z.strictObject({
  /** Default: the workflow id's own key. */
  key: KeySchema.optional(),
  provider: z.enum(PROVIDERS).default('twelvelabs'),
  source: SourceSchema,
  /** Name at the provider; default: the file's or the URL's own name. */
  filename: z
    .string()
    .min(1)
    .max(255)
    .refine(printable, 'must not contain control characters')
    .refine((name) => !/[\\/]/.test(name), 'must be a bare name without a path separator')
    .optional(),
  metadata: MetadataSchema.default({}),
  /** Ask the provider for an HLS stream of the asset (video and audio). */
  enableHls: z.boolean().default(false),
  /** Ask the provider for a thumbnail of the asset. */
  enableThumbnail: z.boolean().default(false),
  /** How a file goes up: in one request, or in parts; `auto` goes by size and kind. */
  upload: z
    .strictObject({
      method: z.enum(UPLOAD_METHODS).default('auto'),
      /** Parts on their way at once. */
      concurrency: z.number().int().min(1).max(16).default(4),
    })
    .prefault({}),
  branch: BranchSchema.default({ type: 'none' }),
  /** What to do with what the lifecycle made when it is stopped or fails. */
  cleanup: z
    .strictObject({
      onCancel: CleanupPolicySchema.default('delete'),
      onFailure: CleanupPolicySchema.default('keep'),
    })
    .prefault({}),
  /** How long to wait for the asset to be ready, and for the branch after that. */
  deadlines: z.strictObject({ ready: deadline.default('2h'), branch: deadline.default('6h') }).prefault({}),
});

/** Input of `assetLifecycle`; unknown fields are refused. Only `source` is required. */
export const LifecycleInputSchema = LifecycleFields.superRefine((input, context) => {
  for (const path of halfCharactersIn(input)) context.addIssue({ code: 'custom', message: HALF_A_CHARACTER, path });
});

/** What a caller sends. In JSON an optional field may also be `null`. */
export type LifecycleInput = z.input<typeof LifecycleInputSchema>;
/** The same with every default filled in. */
export type CompleteInput = z.output<typeof LifecycleInputSchema>;

/**
 * Revision of the workflow's commands: 2 added the ledger at the provider, 3 results named by owner and run. It stands
 * in the history with the accepted input, so that a run goes on as it began, and costs no event as a patch marker would.
 */
export const WORKFLOW_REVISION = 3;

/** What a run works with. */
export interface AcceptedInput extends Omit<CompleteInput, 'upload'> {
  /** Absent in runs of workers that knew no parts. */
  upload?: CompleteInput['upload'];
  /** {@link WORKFLOW_REVISION} of the worker that began the run; absent in those of the first. */
  revision?: number;
  /** Id of the Temporal namespace; absent in runs of revisions 1 and 2. */
  owner?: string;
  /**
   * Of a file source: the task queue of the workers that serve its folder, or null when there was none yet. Absent in
   * runs that began before there were such queues.
   */
  sourceQueue?: string | null;
}

/**
 * Checks an input and fills in the defaults. A field that is `null` counts as absent.
 * @param whose for the message: `lifecycle`, `sweep`.
 * @throws InvalidRequest naming every wrong field and what it may be.
 */
export function accept<S extends z.ZodType>(schema: S, whose: string, input: unknown): z.output<S> {
  const { value, problem } = plainInput(input);
  const parsed = problem === undefined ? schema.safeParse(value) : undefined;
  if (parsed?.success) return parsed.data;
  const why = problem ?? (parsed && describeIssues(parsed.error));
  throw failure('InvalidRequest', `The ${whose}'s input is not valid: ${why}`);
}

/** A lifecycle's input, checked and with its defaults. @throws InvalidRequest */
export const acceptInput = (input: unknown): CompleteInput => accept(LifecycleInputSchema, 'lifecycle', input);

/**
 * The input of a run, which gets its key from the workflow id when it names none.
 * @throws InvalidRequest also when the workflow id is not its key's: two runs of one key would share an asset.
 */
export function acceptRun(input: unknown, workflowId: string): CompleteInput & { key: string } {
  const accepted = acceptInput(input);
  const { provider, key = keyOfWorkflowId(provider, workflowId) } = accepted;
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
  return { ...accepted, key };
}
