import type { EmbeddingPlan, MediaFacts } from '../../store/records';
import { vectorOf } from './vectors';

export interface SegmentView {
  embedding: number[];
  embedding_option: string | null;
  embedding_scope: string | null;
  start_sec: number | null;
  end_sec: number | null;
}

/** A rest shorter than this belongs to the clip before it: encoders leave some hundredths of a second. */
const SHORTEST_REST_SEC = 0.1;

/** The embeddings of media: the same bytes and the same plan give the same vectors. */
export function segmentsOf(media: MediaFacts, plan: EmbeddingPlan): SegmentView[] {
  if (plan.inputType === 'image') return [still(`${plan.model}|image|${media.sha256}`)];
  return optionsOf(media, plan).flatMap((option) =>
    plan.scopes.flatMap((scope) =>
      spans(plan, scope, media.durationSec ?? 0).map(([start, end]) => ({
        embedding: vectorOf([plan.model, media.sha256, option, scope, start, end].join('|')),
        embedding_option: option,
        embedding_scope: scope,
        start_sec: start,
        end_sec: end,
      })),
    ),
  );
}

/** One vector without time, for texts and images. */
export function still(seed: string): SegmentView {
  return { embedding: vectorOf(seed), embedding_option: null, embedding_scope: null, start_sec: null, end_sec: null };
}

/** Media without sound has nothing to hear or to transcribe. */
function optionsOf(media: MediaFacts, plan: EmbeddingPlan): string[] {
  const options = plan.options.filter((option) => option === 'visual' || media.hasAudio);
  return [...(plan.separate ? options : []), ...(plan.fused && options.length > 0 ? ['fused'] : [])];
}

function spans(plan: EmbeddingPlan, scope: string, durationSec: number): [number, number][] {
  const start = plan.startSec ?? 0;
  const end = Math.min(plan.endSec ?? durationSec, durationSec);
  if (end <= start) return [];
  if (scope === 'asset') return [[start, end]];
  const clips = Math.max(1, Math.ceil((end - start - SHORTEST_REST_SEC) / plan.clipSec));
  return Array.from({ length: clips }, (_, index) => [
    start + index * plan.clipSec,
    index === clips - 1 ? end : start + (index + 1) * plan.clipSec,
  ]);
}
