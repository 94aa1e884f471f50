import { z } from 'zod';
import type { EmbeddingPlan } from '../../store/records';
import { ApiError, invalid, missing, parse } from '../errors';
import { LIMITS } from '../media/limits';
import { isFetchable } from '../media/remote-media';

export type MediaSource = { asset_id: string } | { url: string } | { base64_string: string };
export const INPUT_TYPES = ['text', 'image', 'text_image', 'audio', 'video'] as const;
export type InputType = (typeof INPUT_TYPES)[number];

const MODELS = ['marengo3.0', 'marengo3.5'];
const HeadSchema = z.object({ input_type: z.string().min(1), model_name: z.string().min(1) });
const SourceSchema = z.object({
  media_source: z.object({
    asset_id: z.string().optional(),
    url: z.string().optional(),
    base64_string: z.string().optional(),
  }),
});
const TextSchema = z.object({ input_text: z.string().trim().min(1) });

const clips = z.object({
  strategy: z.enum(['fixed', 'dynamic']),
  fixed: z.object({ duration_sec: z.number().min(2).max(10) }).optional(),
  dynamic: z.object({ min_duration_sec: z.number().min(2).max(5) }).optional(),
});
const MediaSchema = z.object({
  start_sec: z.number().min(0).optional(),
  end_sec: z.number().positive().optional(),
  segmentation: z.unknown(),
  embedding_option: z.array(z.string()).min(1).optional(),
  embedding_scope: z.array(z.string()).min(1).optional(),
  embedding_type: z.array(z.enum(['separate_embedding', 'fused_embedding'])).min(1).optional(),
});

/** The part of a request that every input has: type, model and the object named after the type. */
export function readHead(body: unknown, allowed: readonly InputType[]): { type: InputType; model: string; input: unknown } {
  const { input_type: type, model_name: model } = parse(HeadSchema, body);
  if (!isOneOf(type, allowed)) throw invalid(`The input_type parameter must be one of ${allowed.join(', ')} here.`);
  if (!MODELS.includes(model)) throw invalid(`The model_name parameter must be one of ${MODELS.join(', ')}.`);
  const input = (body as Record<string, unknown>)[type];
  if (input === undefined || input === null) throw missing(type);
  return { type, model, input };
}

export function readText(type: InputType, input: unknown): string {
  return parse(z.object({ [type]: TextSchema }), { [type]: input })[type]?.input_text ?? '';
}

/** Exactly one kind of source. */
export function readSource(type: InputType, input: unknown): MediaSource {
  const source = parse(z.object({ [type]: SourceSchema }), { [type]: input })[type]?.media_source ?? {};
  const { asset_id, url, base64_string } = source;
  const given = [asset_id, url, base64_string].filter((value) => value !== undefined);
  if (given.length !== 1) throw invalid('The media_source parameter must have exactly one of asset_id, url, base64_string.');
  if (asset_id !== undefined) return { asset_id };
  if (url !== undefined) {
    if (!isFetchable(url)) throw invalid('The media_source.url parameter must be an http or https URL.');
    return { url };
  }
  const base64 = base64_string ?? '';
  if (base64.length > LIMITS.base64Characters) throw new ApiError(413, 'request_too_large', 'The media is larger than 36 MB.');
  return { base64_string: base64 };
}

/** Fills in the defaults of the model. */
export function readPlan(type: InputType, model: string, input: unknown): EmbeddingPlan {
  if (type !== 'video' && type !== 'audio') {
    return { inputType: 'image', model, options: [], scopes: [], separate: true, fused: false, clipSec: 0, fixedClips: false };
  }
  const media = parse(MediaSchema, input);
  const newer = model === 'marengo3.5';
  const known = type === 'video' ? ['visual', 'audio', 'transcription'] : ['audio', 'transcription'];
  const standard = newer && type === 'video' ? ['visual', 'audio'] : known;
  const options = chosen('embedding_option', media.embedding_option ?? standard, known);
  const scopes = chosen('embedding_scope', media.embedding_scope ?? ['clip', 'asset'], ['clip', 'asset', ...(newer ? ['local'] : [])]);
  const types = media.embedding_type ?? ['separate_embedding'];
  const fused = types.includes('fused_embedding');
  if (fused && options.length < 2) throw invalid('The embedding_type parameter needs two or more values of embedding_option.');
  if ((media.end_sec ?? Infinity) <= (media.start_sec ?? 0)) throw invalid('The end_sec parameter must be greater than start_sec.');
  return {
    inputType: type,
    model,
    options,
    scopes: [...new Set(scopes.map((scope) => (scope === 'local' ? 'clip' : scope)))],
    separate: types.includes('separate_embedding'),
    fused,
    ...readClips(type, newer, media.segmentation),
    ...(media.start_sec === undefined ? {} : { startSec: media.start_sec }),
    ...(media.end_sec === undefined ? {} : { endSec: media.end_sec }),
  };
}

/** Dynamic clips are cut at their least length, since nothing here sees where a scene ends. */
function readClips(type: 'video' | 'audio', newer: boolean, given: unknown): { clipSec: number; fixedClips: boolean } {
  if (given === undefined || given === null) {
    if (type === 'audio') return { clipSec: 6, fixedClips: true };
    return { clipSec: newer ? 2 : 4, fixedClips: false };
  }
  const nested = z.object({ segmentation: newer ? z.object({ temporal: clips }) : clips });
  const { segmentation } = parse(nested, { segmentation: given });
  const { strategy, fixed, dynamic } = 'temporal' in segmentation ? segmentation.temporal : segmentation;
  if (strategy === 'dynamic' && type === 'audio') throw invalid('The segmentation.strategy parameter must be fixed for audio.');
  const clipSec = strategy === 'fixed' ? fixed?.duration_sec : dynamic?.min_duration_sec;
  if (clipSec === undefined) throw missing(`segmentation.${strategy}`);
  return { clipSec, fixedClips: strategy === 'fixed' };
}

function chosen(name: string, values: string[], known: string[]): string[] {
  const unknown = values.find((value) => !known.includes(value));
  if (unknown !== undefined) throw invalid(`The ${name} parameter must be one of ${known.join(', ')}, not ${unknown}.`);
  return [...new Set(values)];
}

const isOneOf = <T extends string>(value: string, allowed: readonly T[]): value is T =>
  (allowed as readonly string[]).includes(value);
