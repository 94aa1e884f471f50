import type { EmbeddingPlan, MediaFacts } from '../../store/records';
import { invalid, parse } from '../errors';
import {
  EmbedRequestSchema,
  type Later,
  type MediaSource,
  type Model,
  type Segmentation,
  type TimedInput,
} from './requests';
import { DIMENSIONS } from './vectors';

type TimedKind = 'video' | 'audio';

/** What each model has for each kind of media; the first list is the default as well. */
const OPTIONS: Record<Model, Record<TimedKind, readonly string[]>> = {
  'marengo3.0': { video: ['visual', 'audio', 'transcription'], audio: ['audio', 'transcription'] },
  'marengo3.5': { video: ['visual', 'audio'], audio: ['audio'] },
};
const DYNAMIC_SEC = { 'marengo3.0': 4, 'marengo3.5': 2 } as const;
const AUDIO_FIXED_SEC = 6;

/** What a request for embeddings of media asks for, with the provider's defaults filled in. */
export function planOf(body: unknown): { plan: EmbeddingPlan; source: MediaSource } {
  const request = parse(EmbedRequestSchema, body);
  const model = request.model_name;
  if (request.input_type === 'image') {
    const later = laterOf(model, { ...request, ...request.image });
    return { plan: imagePlan(model, later), source: request.image.media_source };
  }
  const inputType = request.input_type;
  const input = request.input_type === 'video' ? request.video : request.audio;
  const later = { ...request, ...input };
  const plan = { ...timedPlan(model, inputType, input, later), ...laterOf(model, later) };
  return { plan, source: input.media_source };
}

/** An image has one embedding. `marengo3.5` gives it an option and a scope, `marengo3.0` gives neither. */
function imagePlan(model: Model, later: Pick<EmbeddingPlan, 'dimension' | 'uncertainty'>): EmbeddingPlan {
  const [options, scopes] = model === 'marengo3.5' ? [['visual'], ['asset']] : [[], []];
  const clips = { separate: true, fused: false, clipSec: 0, fixedClips: false };
  return { inputType: 'image', model, options, scopes, ...clips, ...later };
}

function timedPlan(model: Model, inputType: TimedKind, input: TimedInput, later: Later): EmbeddingPlan {
  const { start_sec: startSec, end_sec: endSec } = input;
  if (endSec !== undefined && endSec <= (startSec ?? 0))
    throw invalid('The end_sec parameter must be after start_sec.');
  const options = input.embedding_option ?? [...OPTIONS[model][inputType]];
  const foreign = options.find((option) => !OPTIONS[model][inputType].includes(option));
  if (foreign !== undefined) {
    throw invalid(`The embedding_option parameter is invalid: ${model} has no "${foreign}" of ${inputType}.`);
  }
  const types = input.embedding_type ?? ['separate_embedding'];
  const fused = types.includes('fused_embedding');
  if (fused) refuseFused(model, options, later);
  return {
    inputType,
    model,
    options,
    scopes: scopesOf(model, input.embedding_scope),
    separate: types.includes('separate_embedding'),
    fused,
    ...clipsOf(input.segmentation, inputType, model),
    ...(startSec === undefined ? {} : { startSec }),
    ...(endSec === undefined ? {} : { endSec }),
  };
}

function refuseFused(model: Model, options: readonly string[], later: Later): void {
  if (options.length < 2) throw invalid('The embedding_type "fused_embedding" needs two embedding options or more.');
  if (model === 'marengo3.5' && later.time_based_metadata === undefined) {
    throw invalid('The embedding_type "fused_embedding" of marengo3.5 needs time_based_metadata.');
  }
}

/** `local` is the later name of `clip`. */
function scopesOf(model: Model, asked: readonly string[] = ['clip', 'asset']): string[] {
  if (model === 'marengo3.0' && asked.includes('local')) {
    throw invalid('The embedding_scope parameter is invalid: marengo3.0 has no "local".');
  }
  return [...new Set(asked.map((scope) => (scope === 'local' ? 'clip' : scope)))];
}

function laterOf(model: Model, given: Later): Pick<EmbeddingPlan, 'dimension' | 'uncertainty'> {
  const { embedding_dimension, embedding_uncertainty, time_based_metadata, auto_truncate } = given;
  const later = { embedding_dimension, embedding_uncertainty, time_based_metadata, auto_truncate };
  if (model === 'marengo3.5') {
    return { dimension: embedding_dimension ?? DIMENSIONS, uncertainty: embedding_uncertainty ?? false };
  }
  for (const [name, value] of Object.entries(later))
    if (value !== undefined) throw invalid(`The ${name} parameter is invalid: it needs the model marengo3.5.`);
  return {};
}

/** The two models nest the segmentation differently, and refuse each other's form. */
function clipsOf(
  segmentation: Segmentation | undefined,
  inputType: TimedKind,
  model: Model,
): { clipSec: number; fixedClips: boolean } {
  const fixedOnly = inputType === 'audio' && model === 'marengo3.0';
  if (!segmentation) {
    return fixedOnly
      ? { clipSec: AUDIO_FIXED_SEC, fixedClips: true }
      : { clipSec: DYNAMIC_SEC[model], fixedClips: false };
  }
  const nested = 'temporal' in segmentation;
  if (nested !== (model === 'marengo3.5'))
    throw invalid(`The segmentation parameter is not nested as ${model} needs it.`);
  const strategy = nested ? segmentation.temporal : segmentation;
  if (strategy.strategy === 'fixed') return { clipSec: strategy.fixed.duration_sec, fixedClips: true };
  if (fixedOnly) throw invalid('The segmentation strategy of audio must be fixed.');
  return { clipSec: strategy.dynamic.min_duration_sec, fixedClips: false };
}

/** Only `marengo3.0` answers at once. A task takes images only with `marengo3.5`. */
export function refuseOtherWay({ inputType, model }: EmbeddingPlan, way: 'sync' | 'task'): void {
  if (way === 'sync' && model !== 'marengo3.0') {
    throw invalid(`The model_name parameter is invalid: ${inputType} with ${model} needs a task.`);
  }
  if (way === 'task' && inputType === 'image' && model === 'marengo3.0') {
    throw invalid('The input_type parameter is invalid: tasks take images only with marengo3.5.');
  }
}

/** The media must be of the kind that the request says, and reach past the start that was asked for. */
export function refuseOtherKind(plan: EmbeddingPlan, media: MediaFacts): void {
  if (media.kind !== plan.inputType) {
    throw invalid(`The input_type parameter is ${plan.inputType}, but the media is ${media.kind ?? 'unknown'}.`);
  }
  if (plan.startSec !== undefined && plan.startSec >= (media.durationSec ?? 0)) {
    throw invalid(`The start_sec parameter is invalid: the media lasts ${media.durationSec} seconds.`);
  }
}
