import { z } from 'zod';
import { KeySchema } from '../lifecycle-input';

/**
 * Input of `assetDeletion`. At a provider with places it also names the place, as a lifecycle's input does; see
 * `acceptDeletion`.
 */
export const DeletionInputSchema = z.strictObject({
  /** Checked by the registry of providers, which also fills in the default. */
  provider: z.string().min(1),
  key: KeySchema,
  /** The lifecycle's workflow id, if it is not the one made from the key. */
  workflowId: z.string().min(1).max(1000).optional(),
  reason: z.string().max(500).optional(),
});
export type DeletionInput = z.input<typeof DeletionInputSchema>;
export type AcceptedDeletion = z.output<typeof DeletionInputSchema> & { place?: string };
