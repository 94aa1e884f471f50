import { z } from 'zod';
import { KeySchema } from '../lifecycle-input';

/** Input of `assetDeletion`. */
export const DeletionInputSchema = z.strictObject({
  /** The registry of providers checks it, and fills in the default. */
  provider: z.string().min(1),
  key: KeySchema,
  /** Of the lifecycle, when it is not the one of its key. */
  workflowId: z.string().min(1).max(1000).optional(),
  reason: z.string().max(500).optional(),
});
export type DeletionInput = z.input<typeof DeletionInputSchema>;
export type AcceptedDeletion = z.output<typeof DeletionInputSchema>;
