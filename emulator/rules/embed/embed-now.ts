import type { MediaFacts } from '../../store/records';
import type { Emulation } from '../emulation';
import { ApiError, invalid } from '../errors';
import { LIMITS } from '../media/limits';
import { fetchMedia } from '../media/remote-media';
import { mediaAtHand, refuseUnusable } from './media-source';
import { metadataOf } from './metadata';
import { INPUT_TYPES, readHead, readPlan, readSource, readText, type MediaSource } from './requests';
import { segmentsOf, still, type SegmentView } from './segments';

/** `POST /embed-v2`: the embedding in the answer. */
export async function embedNow(
  emulation: Emulation,
  body: unknown,
): Promise<{ data: SegmentView[]; metadata?: Record<string, unknown> }> {
  const { type, model, input } = readHead(body, INPUT_TYPES);
  if (type === 'text') return { data: [still(`${model}|text|${readText(type, input)}`)] };
  const source = readSource(type, input);
  const text = type === 'text_image' ? readText(type, input) : undefined;
  const plan = readPlan(type, model, input);
  const { media, filename } = await mediaOf(emulation, source);
  refuseUnusable(media, plan);
  if ((media.durationSec ?? 0) > LIMITS.syncMediaSec) {
    throw invalid('The media is longer than 10 minutes; create an embedding task instead.');
  }
  if (plan.inputType !== 'image') emulation.limits.spendMinutes('embed-media', (media.durationSec ?? 0) / 60);
  const url = 'url' in source ? source.url : undefined;
  return {
    data: text === undefined ? segmentsOf(media, plan) : [still(`${model}|text_image|${media.sha256}|${text}`)],
    metadata: { ...metadataOf({ plan, media, filename, url }), input_type: type },
  };
}

async function mediaOf(emulation: Emulation, source: MediaSource): Promise<{ media: MediaFacts; filename?: string }> {
  if (!('url' in source)) return mediaAtHand(emulation, source);
  try {
    return { media: await fetchMedia(emulation.library, source.url) };
  } catch (error) {
    throw new ApiError(400, 'source_unavailable', (error as Error).message);
  }
}
