import { z } from 'zod';

/** Schema of an id of the provider in a caller's input. */
export const resourceId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.-]+$/, 'must be an id (letters, digits, "_", "-", ".")');
