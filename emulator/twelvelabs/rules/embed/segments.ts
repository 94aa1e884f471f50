import type { EmbeddingPlan, MediaFacts } from '../../store/records';
import { vectorOf } from './vectors';

export interface Segment {
  embedding: number[];
  embedding_option: string | null;
  embedding_scope: string | null;
  start_sec: number | null;
  end_sec: number | null;
  embedding_uncertainty?: number;
}

/** Embeddings of media as planned: clips follow its real duration, `asset` spans all of it. */
export function segmentsOf(plan: EmbeddingPlan, media: MediaFacts): Segment[] {
  if (plan.inputType === 'image') {
    const [option = null] = plan.options;
    const [scope = null] = plan.scopes;
    const seen = seenIn(plan, `${media.sha256}/${plan.model}`);
    return [{ ...seen, embedding_option: option, embedding_scope: scope, start_sec: null, end_sec: null }];
  }
  const audible = plan.options.filter((option) => option === 'visual' || media.hasAudio);
  const options = [...(plan.separate ? audible : []), ...(plan.fused && audible.length > 1 ? ['fused'] : [])];
  const spans = spansOf(plan, media.durationSec ?? 0);
  return options.flatMap((option) =>
    spans.map(({ scope, from, to }) => ({
      ...seenIn(plan, [media.sha256, plan.model, option, scope, from, to].join('/')),
      embedding_option: option,
      embedding_scope: scope,
      start_sec: from,
      end_sec: to,
    })),
  );
}

function seenIn({ dimension, uncertainty }: EmbeddingPlan, seed: string) {
  const embedding = vectorOf(seed, dimension);
  return { embedding, ...(uncertainty ? { embedding_uncertainty: Math.abs(embedding[0] ?? 0) } : {}) };
}

/** Clips of the wanted length. Dynamic ones too: the emulator does not look at the picture, so it cannot cut by it. */
function spansOf({ startSec = 0, endSec, scopes, clipSec }: EmbeddingPlan, durationSec: number) {
  const end = Math.min(endSec ?? durationSec, durationSec);
  const spans: { scope: string; from: number; to: number }[] = [];
  if (scopes.includes('clip')) {
    for (let from = startSec; from < end; from += clipSec)
      spans.push({ scope: 'clip', from, to: Math.min(from + clipSec, end) });
  }
  if (scopes.includes('asset')) spans.push({ scope: 'asset', from: startSec, to: end });
  return spans;
}
