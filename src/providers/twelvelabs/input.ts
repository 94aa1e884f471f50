import { z } from 'zod';
import { SourceSchema } from '../../contracts/source';
import { branchField, lifecycleInput } from '../input-schemas';
import type { BranchDeclaration, InputFlag } from '../branch-kind';
import type { BRANCHES } from './branches/list';

export const NAME = 'twelvelabs';

/** Additional results that the provider makes of an asset. Source: `POST /assets`. */
const ASSET_FIELDS = {
  /** Ask the provider for an HLS stream of the asset (video and audio). */
  enableHls: z.boolean().default(false),
  /** Ask the provider for a thumbnail of the asset. */
  enableThumbnail: z.boolean().default(false),
};
export type AssetFields = z.output<z.ZodObject<typeof ASSET_FIELDS>>;
export const FIELD_NAMES = Object.keys(ASSET_FIELDS);

export const FLAGS: readonly InputFlag[] = [
  { flag: '--hls', field: 'enableHls', help: 'ask for an HLS stream' },
  { flag: '--thumbnail', field: 'enableThumbnail', help: 'ask for a thumbnail' },
];

/** Input of `assetLifecycle` at this provider; only `source` is required. */
export const inputSchema = <const D extends readonly Pick<BranchDeclaration, 'type' | 'schema'>[]>(branches: D) =>
  lifecycleInput({
    provider: z.literal(NAME).default(NAME),
    source: SourceSchema,
    ...ASSET_FIELDS,
    branch: branchField(branches),
  });

export type TwelveLabsInput = z.input<ReturnType<typeof inputSchema<typeof BRANCHES>>>;
