import { z } from 'zod';
import type { EmbeddingPlan, MediaFacts } from '../../store/records';
import { invalid, parse } from '../errors';

const MODELS = ['marengo3.0', 'marengo3.5'] as const;
const DYNAMIC_SEC = { 'marengo3.0': 4, 'marengo3.5': 2 } as const;
const AUDIO_FIXED_SEC = 6;

export const MediaSourceSchema = z
  .object({ asset_id: z.string().optional(), url: z.string().optional(), base64_string: z.string().optional() })
  .refine((source) => Object.values(source).filter((value) => value !== undefined).length === 1, {
    error: 'exactly one of asset_id, url and base64_string is needed',
  });
export type MediaSource = z.output<typeof MediaSourceSchema>;

const StrategySchema = z.object({
  strategy: z.enum(['fixed', 'dynamic']),
  fixed: z.object({ duration_sec: z.number().min(2).max(10) }).optional(),
  dynamic: z.object({ min_duration_sec: z.number().min(2).max(5) }).optional(),
});
const SegmentationSchema = z.union([StrategySchema, z.object({ temporal: StrategySchema })]);

const TimedSchema = z.object({
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
const ImageSchema = z.object({ media_source: MediaSourceSchema });

const RequestSchema = z.discriminatedUnion('input_type', [
  z.object({ input_type: z.literal('video'), model_name: z.enum(MODELS), video: TimedSchema }),
  z.object({ input_type: z.literal('audio'), model_name: z.enum(MODELS), audio: TimedSchema }),
  z.object({ input_type: z.literal('image'), model_name: z.enum(MODELS), image: ImageSchema }),
]);

/** What a request for embeddings of media asks for, with the provider's defaults filled in. */
export function planOf(body: unknown): { plan: EmbeddingPlan; source: MediaSource } {
  const request = parse(RequestSchema, body);
  const model = request.model_name;
  if (request.input_type === 'image') {
    const plan = { inputType: 'image' as const, model, options: [], scopes: [], separate: true, fused: false };
    return { plan: { ...plan, clipSec: 0, fixedClips: false }, source: request.image.media_source };
  }
  const inputType = request.input_type;
  const timed = inputType === 'video' ? request.video : request.audio;
  const options = timed.embedding_option ?? defaultOptions(inputType, model);
  if (inputType === 'audio' && options.includes('visual')) throw invalid('audio has no "visual" embedding_option.');
  const types = timed.embedding_type ?? ['separate_embedding'];
  const scopes = (timed.embedding_scope ?? ['clip', 'asset']).map((scope) => (scope === 'local' ? 'clip' : scope));
  return {
    plan: {
      inputType,
      model,
      options,
      scopes: [...new Set(scopes)],
      separate: types.includes('separate_embedding'),
      fused: types.includes('fused_embedding') && options.length > 1,
      ...clipsOf(timed.segmentation, inputType, model),
      ...(timed.start_sec === undefined ? {} : { startSec: timed.start_sec }),
      ...(timed.end_sec === undefined ? {} : { endSec: timed.end_sec }),
    },
    source: timed.media_source,
  };
}

function defaultOptions(inputType: 'video' | 'audio', model: string): ('visual' | 'audio' | 'transcription')[] {
  if (inputType === 'audio') return ['audio', 'transcription'];
  return model === 'marengo3.5' ? ['visual', 'audio'] : ['visual', 'audio', 'transcription'];
}

/** The two models nest the segmentation differently, and refuse each other's form. */
function clipsOf(
  segmentation: z.output<typeof SegmentationSchema> | undefined,
  inputType: 'video' | 'audio',
  model: (typeof MODELS)[number],
): { clipSec: number; fixedClips: boolean } {
  if (!segmentation) {
    return inputType === 'audio'
      ? { clipSec: AUDIO_FIXED_SEC, fixedClips: true }
      : { clipSec: DYNAMIC_SEC[model], fixedClips: false };
  }
  const nested = 'temporal' in segmentation;
  if (nested !== (model === 'marengo3.5'))
    throw invalid(`The segmentation parameter is not nested as ${model} needs it.`);
  const { strategy, fixed, dynamic } = nested ? segmentation.temporal : segmentation;
  if (strategy === 'fixed') return { clipSec: fixed?.duration_sec ?? AUDIO_FIXED_SEC, fixedClips: true };
  if (inputType === 'audio') throw invalid('The segmentation strategy of audio must be fixed.');
  return { clipSec: dynamic?.min_duration_sec ?? DYNAMIC_SEC[model], fixedClips: false };
}

/** The media must be of the kind that the request says. */
export function refuseOtherKind(plan: EmbeddingPlan, media: MediaFacts): void {
  if (media.kind !== plan.inputType) {
    throw invalid(`The input_type parameter is ${plan.inputType}, but the media is ${media.kind ?? 'unknown'}.`);
  }
}
