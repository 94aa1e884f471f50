import { z } from 'zod';
import { PROVIDERS } from '../ids';
import { KeySchema } from '../lifecycle-input';

/** Input of `assetDeletion`. */
export const DeletionInputSchema = z.strictObject({
  provider: z.enum(PROVIDERS).default('twelvelabs'),
  key: KeySchema,
  /** Of the lifecycle, when it is not the one of its key. */
  workflowId: z.string().min(1).max(1000).optional(),
  reason: z.string().max(500).optional(),
});
export type DeletionInput = z.input<typeof DeletionInputSchema>;
export type AcceptedDeletion = z.output<typeof DeletionInputSchema>;
