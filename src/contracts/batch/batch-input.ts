import { z } from 'zod';
import { CLEANUP_POLICIES } from '../cleanup-policy';
import { KeySchema, type ProviderFields } from '../lifecycle-input';
import type { ProviderName } from '../ids';
import { BucketSchema, presignedProblem } from '../source';

/** What a batch does after an item has failed: goes on to the end, or starts nothing more. */
export const FAILURE_MODES = ['FailAfterAll', 'FailAfterOne'] as const;

/** Most items of a list inside the input; more belong into a manifest. */
export const MAX_INLINE_ITEMS = 500;
const MAX_GLOBS = 100;
/** Items under way at once: 500 groups of a hundred, of 1,000 that may be open. */
const MAX_IN_FLIGHT = 50_000;

export const MANIFEST_FORMATS = ['ndjson', 'csv'] as const;
export type ManifestFormat = (typeof MANIFEST_FORMATS)[number];

const GlobSchema = z.string().min(1).max(1024);
const GlobsSchema = z.array(GlobSchema).max(MAX_GLOBS, `must have at most ${MAX_GLOBS} globs`);

/** Globs over the path below the folder or prefix, with "/" between its parts; those that begin with "." need one that says so. */
const MATCHING = {
  /** Default: every file. */
  include: GlobsSchema.min(1).default(['**']),
  exclude: GlobsSchema.default([]),
};

const PathSchema = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes('\0'), 'must not contain a NUL character');

/** All files of a folder, and of the folders in it, on the hosts that serve it. */
export const FolderItemsSchema = z.strictObject({
  type: z.literal('folder'),
  /** Absolute, or relative to one of the worker's source roots. */
  path: PathSchema,
  ...MATCHING,
});

/**
 * A file with an item a line: NDJSON, or CSV with a header. Fields: one of `path`, `url`, `s3` (a URI) or `source`; `key`,
 * `filename`, `metadata.<name>`, and any other field of an item's input, with dots for the fields inside one.
 */
export const ManifestItemsSchema = z.strictObject({
  type: z.literal('manifest'),
  /** An absolute path, or one relative to a source root, or `s3://bucket/key`. */
  uri: PathSchema.refine(
    (uri) => !/^https?:\/\//i.test(uri),
    'must be a path or s3://bucket/key: what a URL leads to is not read here',
  ),
  /** Default: by the name's end, `.csv` or else NDJSON. */
  format: z.enum(MANIFEST_FORMATS).optional(),
});

/** All objects below a prefix. */
export const PrefixItemsSchema = z.strictObject({
  type: z.literal('s3'),
  bucket: BucketSchema,
  /** Used unchanged; empty for the whole bucket. */
  prefix: z.string().max(1024).default(''),
  ...MATCHING,
});

/** Items in the input itself, each with the fields of a line of a manifest. */
export const ListItemsSchema = z.strictObject({
  type: z.literal('list'),
  items: z
    .array(z.record(z.string(), z.unknown(), { error: 'must be an object' }))
    .min(1, 'must have at least one item')
    .max(MAX_INLINE_ITEMS, `must have at most ${MAX_INLINE_ITEMS} items; put more into a manifest`)
    .superRefine((items, context) => {
      for (const [index, item] of items.entries()) refusePresigned(item, index, context);
    }),
});

/** What else is wrong with an item is told in the report; but the whole list stands in the history of its batch. */
function refusePresigned(item: Record<string, unknown>, index: number, context: z.RefinementCtx): void {
  const { source } = item;
  const long = typeof source === 'object' && source !== null ? (source as Record<string, unknown>) : {};
  const refuse = (url: unknown, path: string[]): void => {
    const message = typeof url === 'string' ? presignedProblem(url) : undefined;
    if (message !== undefined) context.addIssue({ code: 'custom', path: [index, ...path], message });
  };
  refuse(item.url, ['url']);
  refuse(item['source.url'], ['source.url']);
  if (long.allowSignedUrl !== true) refuse(long.url, ['source', 'url']);
}

/** Where a batch's items come from. */
export const ItemSourcesSchema = z.discriminatedUnion(
  'type',
  [FolderItemsSchema, ManifestItemsSchema, PrefixItemsSchema, ListItemsSchema],
  { error: (issue) => (issue.code === 'invalid_union' ? 'must be "folder", "manifest", "s3" or "list"' : undefined) },
);
export type ItemSources = z.output<typeof ItemSourcesSchema>;
export type FolderItems = z.output<typeof FolderItemsSchema>;
export type ManifestItems = z.output<typeof ManifestItemsSchema>;
export type PrefixItems = z.output<typeof PrefixItemsSchema>;
export type ListItems = z.output<typeof ListItemsSchema>;

/** Fields of a batch's input beside `each`, which is its provider's to check. */
export const BATCH_FIELDS = {
  /** Names the batch for ever: a second start of it joins, or goes on with what is not completed. Default: the workflow id's. */
  batchId: KeySchema.max(100, 'must have at most 100 characters').optional(),
  items: ItemSourcesSchema,
  failureMode: z.enum(FAILURE_MODES).default('FailAfterAll'),
  /** What becomes of items under way when the batch is stopped; default: what `each.cleanup.onCancel` says. */
  onCancel: z.enum(CLEANUP_POLICIES).optional(),
  /** Items under way at once. */
  inFlight: z.number().int().min(1).max(MAX_IN_FLIGHT).default(1000),
} as const;

type CommonBatchFields = z.output<z.ZodObject<typeof BATCH_FIELDS>>;

/** A batch's input, checked. */
export interface AcceptedBatch extends Omit<CommonBatchFields, 'onCancel'> {
  provider: ProviderName;
  /** What every item gets unless it says otherwise: fields of an item's input as the caller sent them, without defaults. */
  each: ProviderFields;
}
