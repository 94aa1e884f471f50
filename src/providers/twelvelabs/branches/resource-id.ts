import { z } from 'zod';

/** An id of the provider, as callers give it. */
export const resourceId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.-]+$/, 'must be an id (letters, digits, "_", "-", ".")');
