import { z } from 'zod';

/** Annotations find their asset by it, and a folder keeps it, so that it is one name and no path. */
export const FilenameSchema = z
  .string()
  .min(1)
  .max(255)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^/\\\u0000-\u001f\u007f]+$/, 'must be a file name, without a path')
  .refine((name) => name !== '.' && name !== '..', 'must be a file name');
