import { z } from 'zod';

export const MODELS = ['marengo3.0', 'marengo3.5'] as const;
export type Model = (typeof MODELS)[number];

export const MediaSourceSchema = z
  .object({ asset_id: z.string().optional(), url: z.string().optional(), base64_string: z.string().optional() })
  .refine((source) => Object.values(source).filter((value) => value !== undefined).length === 1, {
    error: 'exactly one of asset_id, url and base64_string is needed',
  });
export type MediaSource = z.output<typeof MediaSourceSchema>;

const StrategySchema = z.discriminatedUnion('strategy', [
  z.object({ strategy: z.literal('fixed'), fixed: z.object({ duration_sec: z.number().int().min(2).max(10) }) }),
  z.object({
    strategy: z.literal('dynamic'),
    dynamic: z.object({ min_duration_sec: z.number().int().min(2).max(5) }),
  }),
]);
const SegmentationSchema = z.union([StrategySchema, z.object({ temporal: StrategySchema })]);
export type Segmentation = z.output<typeof SegmentationSchema>;

/** Only `marengo3.5` takes these. */
const LaterSchema = z.object({
  embedding_dimension: z.number().int().min(1).max(512).optional(),
  embedding_uncertainty: z.boolean().optional(),
  time_based_metadata: z.unknown().optional(),
  auto_truncate: z.boolean().optional(),
});
export type Later = z.output<typeof LaterSchema>;

const TimedSchema = LaterSchema.extend({
  media_source: MediaSourceSchema,
  start_sec: z.number().min(0).optional(),
  end_sec: z.number().min(0).optional(),
  segmentation: SegmentationSchema.optional(),
  embedding_option: z
    .array(z.enum(['visual', 'audio', 'transcription']))
    .min(1)
    .optional(),
  embedding_scope: z
    .array(z.enum(['clip', 'asset', 'local']))
    .min(1)
    .optional(),
  embedding_type: z
    .array(z.enum(['separate_embedding', 'fused_embedding']))
    .min(1)
    .optional(),
});
export type TimedInput = z.output<typeof TimedSchema>;
const ImageSchema = LaterSchema.extend({ media_source: MediaSourceSchema });

const model_name = z.enum(MODELS);

/** Requests for embeddings of media; each kind has its own object. */
export const EmbedRequestSchema = z.discriminatedUnion('input_type', [
  LaterSchema.extend({ input_type: z.literal('video'), model_name, video: TimedSchema }),
  LaterSchema.extend({ input_type: z.literal('audio'), model_name, audio: TimedSchema }),
  LaterSchema.extend({ input_type: z.literal('image'), model_name, image: ImageSchema }),
]);
