import { planBatch, type PlannedItem } from '../../../src/batch/plan/plan-batch';
import type { MediaFacts } from '../../../src/media/media-facts';
import { acceptInput } from '../../../src/providers/registry';

const VIDEO: MediaFacts = {
  kind: 'video',
  sizes: [{ width: 640, height: 480 }],
  durationSec: 90,
  videoStreams: 1,
  audioStreams: 1,
};
const IMAGE: MediaFacts = { kind: 'image', sizes: [{ width: 640, height: 480 }], videoStreams: 0, audioStreams: 0 };

const many = (count: number, more: object = {}, facts: Partial<PlannedItem> = {}): PlannedItem[] =>
  Array.from({ length: count }, (_, item) => {
    const key = `k${item}`;
    const filename = `${item}.${facts.media?.kind === 'image' ? 'jpg' : 'mp4'}`;
    const source = { type: 'file', path: `/media/${filename}` };
    return {
      item,
      filename,
      sizeBytes: 10,
      ...facts,
      input: { ...acceptInput({ key, source, ...more }), key },
    };
  });

const EMBED = { branch: { type: 'embed' } };
const twelvelabs = { provider: 'twelvelabs', skipped: 2 };

test('a plan counts items, bytes and media seconds, and says what could not be told', async () => {
  const items = [
    ...many(3, EMBED, { media: VIDEO }),
    ...many(2, EMBED, { media: IMAGE }),
    ...many(4, EMBED, { sizeBytes: undefined }),
  ];
  expect(await planBatch({ index: twelvelabs, items, refused: [] })).toEqual({
    ...{ items: 9, bytes: 50, withoutSize: 4, mediaSeconds: 270, withoutMedia: 4, skipped: 2, refused: 0, causes: [] },
    leastSeconds: 0,
    requests: { create: 9, mark: 9, branch: 9, look: 1, total: 28 },
    actions: 10,
  });
});

test('what the provider would refuse of the content is refused, beside what cannot be an item', async () => {
  const short = { ...VIDEO, durationSec: 0.5 };
  const refused = [{ at: 1, line: 1, refused: 'InvalidRequest' as const, reason: 'the line is no JSON object' }];
  const items = [...many(2, EMBED, { media: short }), ...many(1, EMBED, { media: VIDEO })];
  const plan = await planBatch({ index: twelvelabs, items, refused });
  expect(plan).toMatchObject({ items: 1, refused: 3, mediaSeconds: 90 });
  expect(plan.causes.map(({ count, type }) => [count, type])).toEqual([
    [2, 'InvalidRequest'],
    [1, 'InvalidRequest'],
  ]);
  expect(plan.causes[0]?.cause).toBe('branch: marengo3.0 takes videos of N s to N h; … lasts N s');
  const unseen = many(2, { ...EMBED, preflight: false }, { media: short });
  expect(await planBatch({ index: twelvelabs, items: unseen, refused: [] })).toMatchObject({ items: 2, refused: 0 });
});

test.each([
  ['the share of one window goes at once', 60, {}, {}, 0, undefined],
  ['uploads a minute', 61, {}, {}, 60, '60 uploads a minute'],
  [
    'embeddings of video a minute',
    1001,
    EMBED,
    { media: { ...VIDEO, durationSec: 10 } },
    2400,
    '25 embeddings of video or audio a minute',
  ],
  ['images have a limit of their own', 1001, EMBED, { media: IMAGE }, 960, '60 uploads a minute'],
  [
    'media an hour',
    500,
    EMBED,
    { media: { ...VIDEO, durationSec: 3600 } },
    9 * 86_400,
    '3,000 media minutes of embed a day',
  ],
  ['uploads a day', 6001, {}, {}, 172_800, '3,000 uploads a day'],
])('least time under the limits: %s', async (_name, count, more, facts, leastSeconds, slowedBy) => {
  const plan = await planBatch({ index: twelvelabs, items: many(count, more, facts), refused: [] });
  expect([plan.leastSeconds, plan.slowedBy]).toEqual([leastSeconds, slowedBy]);
});

test('the limits may be those of the account', async () => {
  const limits = [{ of: 'items', most: 10, windowSec: 5, words: 'ten in 5 s' }] as const;
  const plan = await planBatch({ index: twelvelabs, items: many(100), refused: [], limits });
  expect([plan.leastSeconds, plan.slowedBy]).toEqual([45, 'ten in 5 s']);
});

test('a provider whose submissions take many items has few requests, and its own limit', async () => {
  const more = { provider: 'datature-vi', datasetId: 'd' };
  const plan = await planBatch({
    index: { provider: 'datature-vi', skipped: 0 },
    items: many(30_001, more),
    refused: [],
  });
  expect(plan).toMatchObject({
    leastSeconds: 300,
    slowedBy: '5 sessions in 5 minutes',
    requests: { create: 7, mark: 0, branch: 0, look: 7, total: 14 },
  });
});

test('a batch without items takes nothing', async () => {
  const plan = await planBatch({ index: twelvelabs, items: [], refused: [] });
  expect(plan).toMatchObject({ items: 0, leastSeconds: 0, actions: 0, requests: { total: 0 } });
});
