import { createHash } from 'node:crypto';
import { segmentsOf, type Segment } from '../../../emulator/twelvelabs/rules/embed/segments';
import { planOf } from '../../../emulator/twelvelabs/rules/embed/plan';
import type { MediaFacts } from '../../../emulator/twelvelabs/store/records';

const media = (changes: Partial<MediaFacts> = {}): MediaFacts => ({
  sha256: createHash('sha256').update('a video').digest('hex'),
  sizeBytes: 1000,
  kind: 'video',
  durationSec: 10,
  hasAudio: true,
  technical: {},
  ...changes,
});

/** The embeddings of a request, as its defaults and options say. */
function segments(facts: MediaFacts, options: object = {}, model = 'marengo3.0'): Segment[] {
  const type = facts.kind ?? 'video';
  const input = { media_source: { asset_id: '0'.repeat(24) }, ...options };
  return segmentsOf(planOf({ input_type: type, model_name: model, [type]: input }).plan, facts);
}

const spans = (list: Segment[], option: string, scope: string) =>
  list
    .filter(({ embedding_option, embedding_scope }) => embedding_option === option && embedding_scope === scope)
    .map(({ start_sec, end_sec }) => [start_sec, end_sec]);

const optionsOf = (list: Segment[]) => [...new Set(list.map(({ embedding_option }) => embedding_option))];

test('a vector has 512 dimensions and length one', () => {
  for (const { embedding } of segments(media())) {
    expect(embedding).toHaveLength(512);
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
  }
});

test('the same bytes give the same vectors, and no two of one answer are alike', () => {
  const vectors = segments(media()).map(({ embedding }) => embedding.join());
  expect(segments(media()).map(({ embedding }) => embedding.join())).toEqual(vectors);
  expect(new Set(vectors).size).toBe(vectors.length);
  const others = segments(media({ sha256: 'f'.repeat(64) })).map(({ embedding }) => embedding.join());
  expect(others.filter((vector) => vectors.includes(vector))).toEqual([]);
});

test('clips of a video follow its duration, four seconds each, and the asset scope spans all of it', () => {
  const list = segments(media());
  expect(optionsOf(list)).toEqual(['visual', 'audio', 'transcription']);
  expect(spans(list, 'visual', 'clip')).toEqual([
    [0, 4],
    [4, 8],
    [8, 10],
  ]);
  expect(spans(list, 'visual', 'asset')).toEqual([[0, 10]]);
});

test('clips of audio are six seconds, without anything visual', () => {
  const list = segments(media({ kind: 'audio', durationSec: 12 }));
  expect(optionsOf(list)).toEqual(['audio', 'transcription']);
  expect(spans(list, 'audio', 'clip')).toEqual([
    [0, 6],
    [6, 12],
  ]);
});

test('a fixed length and a part of the media are as asked for', () => {
  const list = segments(media({ durationSec: 20 }), {
    segmentation: { strategy: 'fixed', fixed: { duration_sec: 5 } },
    start_sec: 4,
    end_sec: 11,
  });
  expect(spans(list, 'visual', 'clip')).toEqual([
    [4, 9],
    [9, 11],
  ]);
  expect(spans(list, 'visual', 'asset')).toEqual([[4, 11]]);
});

test('a video without sound has nothing to hear', () => {
  expect(optionsOf(segments(media({ hasAudio: false })))).toEqual(['visual']);
});

test('fused embeddings come beside or instead of separate ones', () => {
  const options = { embedding_option: ['visual', 'audio'] };
  const types = (...embedding_type: string[]) => optionsOf(segments(media(), { ...options, embedding_type }));
  expect(types('fused_embedding')).toEqual(['fused']);
  expect(types('separate_embedding', 'fused_embedding')).toEqual(['visual', 'audio', 'fused']);
});

test('an image has one embedding, without times', () => {
  expect(segments(media({ kind: 'image', hasAudio: false }))).toMatchObject([
    { embedding_option: null, embedding_scope: null, start_sec: null, end_sec: null },
  ]);
});

test('each model refuses the other’s nesting of the segmentation', () => {
  const flat = { strategy: 'dynamic', dynamic: { min_duration_sec: 3 } };
  expect(() => segments(media(), { segmentation: flat }, 'marengo3.5')).toThrow(/segmentation/);
  expect(() => segments(media(), { segmentation: { temporal: flat } }, 'marengo3.0')).toThrow(/segmentation/);
  expect(spans(segments(media(), { segmentation: { temporal: flat } }, 'marengo3.5'), 'visual', 'clip')).toHaveLength(
    4,
  );
});

test.each([
  ['an unknown model', { input_type: 'video', model_name: 'Marengo-retrieval-2.7', video: {} }],
  ['no source', { input_type: 'video', model_name: 'marengo3.0', video: {} }],
  [
    'two sources',
    {
      input_type: 'video',
      model_name: 'marengo3.0',
      video: { media_source: { asset_id: 'a', url: 'https://example.org/a.mp4' } },
    },
  ],
])('refuses %s', (_what, body) => {
  expect(() => planOf(body)).toThrow(expect.objectContaining({ status: 400 }));
});
