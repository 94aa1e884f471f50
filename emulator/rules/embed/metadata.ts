import type { EmbeddingPlan, MediaFacts } from '../../store/records';

interface Described {
  plan: EmbeddingPlan;
  media: MediaFacts | undefined;
  filename?: string | undefined;
  url?: string | undefined;
}

/** The wire's `metadata` of an embedding. */
export function metadataOf({ plan, media, filename, url }: Described): Record<string, unknown> {
  const source = {
    input_type: plan.inputType,
    ...(url === undefined ? {} : { input_url: url }),
    ...(filename === undefined ? {} : { input_filename: filename }),
  };
  if (plan.inputType === 'image') return source;
  return {
    ...source,
    embedding_options: plan.options,
    embedding_scopes: plan.scopes,
    duration: media?.durationSec ?? 0,
    ...(plan.startSec === undefined ? {} : { start_offset_sec: plan.startSec }),
    ...(plan.endSec === undefined ? {} : { end_offset_sec: plan.endSec }),
    ...(plan.inputType === 'video' && plan.fixedClips ? { clip_length: Math.round(plan.clipSec) } : {}),
  };
}
