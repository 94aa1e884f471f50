import { z } from 'zod';
import { FileSourceSchema, S3SourceSchema } from '../../contracts/source';
import { branchField, lifecycleInput } from '../input-schemas';
import type { BranchDeclaration, InputFlag } from '../branch-kind';

export const NAME = 'datature-vi';

/** Ids of datasets, assets and sessions, and of the organization. */
export const ID = /^[\w-]{1,255}$/;

/** What becomes of annotations when an asset is overwritten. */
export const OVERWRITE_MODES = ['RemoveLinkedResource', 'KeepLinkedResource'] as const;
export type OverwriteMode = (typeof OVERWRITE_MODES)[number];

/** Whether a session goes on after a file has failed. */
export const FAILURE_MODES = ['FailAfterAll', 'FailAfterOne'] as const;
export type FailureMode = (typeof FAILURE_MODES)[number];

const FIELDS = {
  /** Dataset that the asset goes into. */
  datasetId: z.string().regex(ID, 'must be a dataset id: 1 to 255 letters, digits, "_" and "-"'),
  /**
   * What to do with the annotations of an asset of the same name with other content. Without it such an asset is not
   * overwritten: the lifecycle fails as AssetExists.
   */
  onAssetOverwritten: z.enum(OVERWRITE_MODES).optional(),
};
export type DatasetFields = z.output<z.ZodObject<typeof FIELDS>>;
export const FIELD_NAMES = Object.keys(FIELDS);

export const FLAGS: readonly InputFlag[] = [
  { flag: '--dataset <id>', field: 'datasetId', help: 'dataset that the asset goes into' },
  {
    flag: '--on-asset-overwritten <mode>',
    field: 'onAssetOverwritten',
    help: `overwrite an asset of that name; its annotations: ${OVERWRITE_MODES.join(' or ')}`,
  },
];

const SourceSchema = z.discriminatedUnion('type', [FileSourceSchema, S3SourceSchema], {
  error: (issue) => (issue.code === 'invalid_union' ? 'must be "file" or "s3"' : undefined),
});

/** Input of `assetLifecycle` at this provider; `provider`, `datasetId` and `source` are required. */
export const inputSchema = <const D extends readonly Pick<BranchDeclaration, 'type' | 'schema'>[]>(branches: D) =>
  lifecycleInput({ provider: z.literal(NAME), source: SourceSchema, ...FIELDS, branch: branchField(branches) });

export type DatatureViInput = z.input<ReturnType<typeof inputSchema<[]>>>;
