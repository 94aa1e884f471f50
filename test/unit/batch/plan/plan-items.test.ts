import { planItems, type PlannedItem } from '../../../../src/batch/plan/plan-items';
import type { MediaFacts } from '../../../../src/media/media-facts';
import { acceptInput } from '../../../../src/providers/registry';
import { recordedHistories } from '../../../support/history-files';

const VIDEO: MediaFacts = {
  kind: 'video',
  sizes: [{ width: 640, height: 480 }],
  durationSec: 90,
  videoStreams: 1,
  audioStreams: 1,
};
const IMAGE: MediaFacts = { kind: 'image', sizes: [{ width: 640, height: 480 }], videoStreams: 0, audioStreams: 0 };

/** Items that differ in their number and key only. */
function many(count: number, more: object = {}, facts: Partial<PlannedItem> = {}): PlannedItem[] {
  const filename = facts.media?.kind === 'image' ? 'one.jpg' : 'one.mp4';
  const source = { type: 'file', path: `/media/${filename}` };
  const accepted = acceptInput({ source, ...more });
  return Array.from({ length: count }, (_, item) => ({
    ...{ item, filename, sizeBytes: 10, ...facts },
    input: { ...accepted, key: `k${item}` },
  }));
}

const EMBED = { branch: { type: 'embed' } };
const twelvelabs = { provider: 'twelvelabs', skipped: 2 };

test('a plan counts items, bytes and media seconds, and says what could not be told', async () => {
  const items = [
    ...many(3, EMBED, { media: VIDEO }),
    ...many(2, EMBED, { media: IMAGE }),
    ...many(4, EMBED, { sizeBytes: undefined }),
  ];
  expect(await planItems({ index: twelvelabs, items, refused: [] })).toEqual({
    ...{ items: 9, bytes: 50, withoutSize: 4, mediaSeconds: 270, withoutMedia: 4, skipped: 2, refused: 0, causes: [] },
    leastSeconds: 0,
    requests: { create: 9, parts: 0, mark: 9, branch: 9, read: 7, look: 2, total: 36 },
    actions: 18,
  });
});

test('what the provider would refuse of the content is refused, beside what cannot be an item', async () => {
  const short = { ...VIDEO, durationSec: 0.5 };
  const refused = [{ at: 1, line: 1, refused: 'InvalidRequest' as const, reason: 'the line is no JSON object' }];
  const items = [...many(2, EMBED, { media: short }), ...many(1, EMBED, { media: VIDEO })];
  const plan = await planItems({ index: twelvelabs, items, refused });
  expect(plan).toMatchObject({ items: 1, refused: 3, mediaSeconds: 90 });
  expect(plan.causes.map(({ count, type }) => [count, type])).toEqual([
    [2, 'InvalidRequest'],
    [1, 'InvalidRequest'],
  ]);
  expect(plan.causes[0]?.cause).toBe('branch: marengo3.0 takes videos of N s to N h; … lasts N s');
  const unseen = many(2, { ...EMBED, preflight: false }, { media: short });
  expect(await planItems({ index: twelvelabs, items: unseen, refused: [] })).toMatchObject({ items: 2, refused: 0 });
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
  const plan = await planItems({ index: twelvelabs, items: many(count, more, facts), refused: [] });
  expect([plan.leastSeconds, plan.slowedBy]).toEqual([leastSeconds, slowedBy]);
});

test('the limits may be those of the account', async () => {
  const limits = [{ of: 'items', most: 10, windowSec: 5, words: 'ten in 5 s', setBy: 'TEN' }] as const;
  const plan = await planItems({ index: twelvelabs, items: many(100), refused: [], limits });
  expect([plan.leastSeconds, plan.slowedBy, plan.limitSetBy]).toEqual([45, 'ten in 5 s', 'TEN']);
});

const VI = { provider: 'datature-vi', datasetId: 'd' };
const datature = { provider: 'datature-vi', skipped: 0 };

test('a provider whose submissions take many items has few requests, and its own limit', async () => {
  const plan = await planItems({ index: datature, items: many(30_001, VI, { media: IMAGE }), refused: [] });
  expect(plan).toMatchObject({
    leastSeconds: 300,
    slowedBy: '5 sessions in 5 minutes',
    requests: { create: 7, mark: 0, branch: 0, look: 7, total: 14 },
  });
  expect(plan).not.toHaveProperty('limitSetBy');
});

test('no submission takes more items than may be under way', async () => {
  const index = { ...datature, inFlight: 1000 };
  const plan = await planItems({ index, items: many(30_001, VI, { media: IMAGE }), refused: [] });
  expect(plan).toMatchObject({ leastSeconds: 1800, requests: { create: 31 } });
});

test('what goes alone is a submission, a look and a group of its own', async () => {
  const plan = await planItems({ index: datature, items: many(1000, VI), refused: [] });
  expect(plan).toMatchObject({
    leastSeconds: 59_700,
    requests: { create: 1000, look: 1000, total: 2000 },
    actions: 9 + 1000 * 6,
  });
});

test('what goes in parts is a group of its own, and takes more requests', async () => {
  const items = many(1000, EMBED, { sizeBytes: 300 * 1024 ** 2, media: VIDEO });
  expect(await planItems({ index: twelvelabs, items, refused: [] })).toMatchObject({
    requests: { create: 1000, parts: 3000, mark: 1000, branch: 1000, read: 1000, look: 40, total: 7040 },
    actions: 9 + 1000 * 9,
  });
});

test('small files that are asked to go in parts do so in their group', async () => {
  const inParts = many(100, { upload: { method: 'multipart' } });
  expect(await planItems({ index: twelvelabs, items: inParts, refused: [] })).toMatchObject({
    requests: { create: 100, parts: 300 },
    actions: 9 + 6,
  });
  const session = many(2, { ...VI, upload: { method: 'multipart' } }, { media: IMAGE });
  expect(await planItems({ index: datature, items: session, refused: [] })).toMatchObject({
    requests: { create: 1, parts: 8 },
  });
});

test('the groups are cut in the order of the items', async () => {
  const [images, [video = {} as PlannedItem]] = [many(4, VI, { media: IMAGE }), many(1, VI)];
  const actionsOf = async (...items: PlannedItem[]) =>
    ((await planItems({ index: datature, items, refused: [] })).actions - 9) / 6;
  expect(await actionsOf(...images)).toBe(1);
  expect(await actionsOf(...images, video)).toBe(2);
  expect(await actionsOf(...images.slice(2), video, ...images.slice(0, 2))).toBe(3);
  expect(await actionsOf(...many(501, VI, { media: IMAGE }))).toBe(2);
});

test.each([
  ['marengo3.0', 'an image', { media: IMAGE }, 0],
  ['marengo3.0', 'what may be an image', { filename: 'unknown' }, 0],
  ['marengo3.5', 'an image', { media: IMAGE }, 1],
  ['marengo3.0', 'a video', {}, 1],
])('the records of an embed task are read: %s of %s', async (model, _what, facts, read) => {
  const items = many(1, { branch: { type: 'embed', model } }, facts);
  const { requests, actions } = await planItems({ index: twelvelabs, items, refused: [] });
  expect(requests).toMatchObject({ create: 1, mark: 1, branch: 1, read, look: 1 + read, total: 4 + 2 * read });
  expect(actions).toBe(9 + 7 + 2 * read);
});

test('a branch without records is waited for, and nothing is read', async () => {
  const items = many(1, { branch: { type: 'index', indexId: '0123456789abcdef01234567' } });
  const { requests } = await planItems({ index: twelvelabs, items, refused: [] });
  expect(requests).toMatchObject({ branch: 1, read: 0, look: 2 });
});

test('an asset that is there is not handed in, and not marked', async () => {
  const source = { type: 'asset', assetId: '0123456789abcdef01234567' };
  const items = many(100, { ...EMBED, source }, { filename: '' });
  const plan = await planItems({ index: twelvelabs, items, refused: [] });
  expect(plan).toMatchObject({ leastSeconds: 0, requests: { create: 0, mark: 0, branch: 100 } });
});

/** Events that are billable actions. Source: Temporal Cloud, "Actions". */
const BILLABLE =
  /^EVENT_TYPE_(WORKFLOW_EXECUTION_STARTED|ACTIVITY_TASK_SCHEDULED|TIMER_STARTED|SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED|UPSERT_WORKFLOW_SEARCH_ATTRIBUTES)$/;

test.each([
  ['completed', {}],
  ['embed', EMBED],
])('the actions are those of recorded histories: %s', async (name, more) => {
  const histories = recordedHistories().filter((one) =>
    new RegExp(`^asset(Batch|Group)/.*-${name}\\.json$`).test(one.name),
  );
  const events = histories.flatMap(({ history }) => history.events as { eventType: string }[]);
  const recorded = events.filter(({ eventType }) => BILLABLE.test(eventType));
  expect(histories).toHaveLength(2);
  const plan = await planItems({ index: twelvelabs, items: many(1, more), refused: [] });
  expect(plan.actions).toBe(recorded.length);
});

test('a batch without items takes nothing', async () => {
  const plan = await planItems({ index: twelvelabs, items: [], refused: [] });
  expect(plan).toMatchObject({ items: 0, leastSeconds: 0, actions: 0, requests: { total: 0 } });
});
