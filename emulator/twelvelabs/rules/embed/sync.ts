import { z } from 'zod';
import type { MediaFacts } from '../../store/records';
import { readyAsset } from '../assets';
import type { Emulation } from '../emulation';
import { ApiError } from '../../../shared/server/api-error';
import { invalid, parse } from '../errors';
import { LIMITS, refuseForMarengo } from '../media/limits';
import { fetchMedia } from '../media/remote-media';
import { planOf, refuseOtherKind, refuseOtherWay } from './plan';
import { MediaSourceSchema, type MediaSource } from './requests';
import { segmentsOf, type Segment } from './segments';
import { vectorOf } from './vectors';

const TextSchema = z.object({
  input_type: z.literal('text'),
  model_name: z.literal('marengo3.0'),
  text: z.object({ input_text: z.string().min(1) }),
});
const TextImageSchema = z.object({
  input_type: z.literal('text_image'),
  model_name: z.literal('marengo3.0'),
  text_image: z.object({ input_text: z.string().min(1), media_source: MediaSourceSchema }),
});
const MAX_TEXT_CHARACTERS = 2000;

/** Answers at once, for media of up to ten minutes. Source: `POST /embed-v2`. */
export async function embedNow(emulation: Emulation, body: unknown): Promise<{ data: Segment[] }> {
  const type = (body as { input_type?: unknown } | undefined)?.input_type;
  if (type === 'text') {
    const { model_name, text } = parse(TextSchema, body);
    return { data: [plain(`text/${model_name}/${short(text.input_text)}`)] };
  }
  if (type === 'text_image') {
    const { model_name, text_image } = parse(TextImageSchema, body);
    const media = await mediaOf(emulation, text_image.media_source);
    if (media.kind !== 'image') throw invalid('The media_source of text_image must be an image.');
    refuseForMarengo(media);
    return { data: [plain(`text_image/${model_name}/${media.sha256}/${short(text_image.input_text)}`)] };
  }
  const { plan, source } = planOf(body);
  refuseOtherWay(plan, 'sync');
  const media = await mediaOf(emulation, source);
  refuseOtherKind(plan, media);
  refuseForMarengo(media);
  if ((media.durationSec ?? 0) > LIMITS.syncMediaSec) throw invalid('The media is longer than 10 minutes: use a task.');
  return { data: segmentsOf(plan, media) };
}

function short(text: string): string {
  if (text.length > MAX_TEXT_CHARACTERS)
    throw new ApiError(400, 'token_limit_exceeded', 'The text is longer than 500 tokens.');
  return text;
}

const plain = (seed: string): Segment => ({
  embedding: vectorOf(seed),
  embedding_option: null,
  embedding_scope: null,
  start_sec: null,
  end_sec: null,
});

async function mediaOf(emulation: Emulation, source: MediaSource): Promise<MediaFacts> {
  if (source.asset_id !== undefined) return readyAsset(emulation, source.asset_id).media;
  const media =
    source.url !== undefined
      ? await fetchMedia(emulation.library, source.url).catch((error: Error) => {
          throw new ApiError(400, 'source_unavailable', error.message);
        })
      : await emulation.library.receive([Buffer.from(source.base64_string ?? '', 'base64')]);
  if (!media?.kind) throw invalid('The media_source is not valid media.');
  return media;
}
