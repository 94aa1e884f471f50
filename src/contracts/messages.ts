import { z } from 'zod';
import { CleanupPolicySchema } from './lifecycle-input';

/** Payload of the `cancel` signal; `cleanup` overrides the input's `cleanup.onCancel`. */
export const CancelRequestSchema = z.strictObject({
  reason: z.string().max(1000).optional(),
  cleanup: CleanupPolicySchema.optional(),
});
export type CancelRequest = z.output<typeof CancelRequestSchema>;

/** Payload of the `forceDelete` signal: removes everything, also what refers to the asset and what was adopted. */
export const ForceDeleteRequestSchema = z.strictObject({ reason: z.string().max(1000).optional() });
export type ForceDeleteRequest = z.output<typeof ForceDeleteRequestSchema>;
