import { z } from 'zod';

const resourceId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.-]+$/, 'must be an id (letters, digits, "_", "-", ".")');

/** `embed`: an Embed API v2 task over the asset. Scopes and options left out are the provider's defaults. */
export const EmbedBranchSchema = z
  .strictObject({
    type: z.literal('embed'),
    model: z.enum(['marengo3.0', 'marengo3.5']).default('marengo3.0'),
    scopes: z
      .array(z.enum(['clip', 'asset']))
      .min(1)
      .max(2)
      .optional(),
    options: z
      .array(z.enum(['visual', 'audio', 'transcription']))
      .min(1)
      .max(3)
      .optional(),
  })
  .refine(({ model, options }) => model !== 'marengo3.5' || !options?.includes('transcription'), {
    path: ['options'],
    error: '"transcription" needs the model marengo3.0: marengo3.5 has only "visual" and "audio"',
  });

/** `entity`: a new entity in a collection made from the asset or, with `entityId`, the asset added to that entity. */
export const EntityBranchSchema = z.strictObject({
  type: z.literal('entity'),
  collectionId: resourceId,
  /** Defaults to the asset's filename. */
  name: z.string().min(1).max(255).optional(),
  description: z.string().max(2000).optional(),
  entityId: resourceId.optional(),
});

/** `index`: the asset indexed for search in an existing index. */
export const IndexBranchSchema = z.strictObject({
  type: z.literal('index'),
  indexId: resourceId,
  enableVideoStream: z.boolean().default(false),
});

export const NoBranchSchema = z.strictObject({ type: z.literal('none') });

/** The downstream step after the asset is ready. */
export const BranchSchema = z.discriminatedUnion(
  'type',
  [EmbedBranchSchema, EntityBranchSchema, IndexBranchSchema, NoBranchSchema],
  {
    error: (issue) => (issue.code === 'invalid_union' ? 'must be "embed", "entity", "index" or "none"' : undefined),
  },
);
export type Branch = z.output<typeof BranchSchema>;
export type EmbedBranch = z.output<typeof EmbedBranchSchema>;
export type EntityBranch = z.output<typeof EntityBranchSchema>;
export type IndexBranch = z.output<typeof IndexBranchSchema>;
export type BranchType = Branch['type'];
