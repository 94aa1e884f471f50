import { createBatchSteps } from '../../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../../src/activities/batch/group-steps';
import type { RunEnd } from '../../../../src/activities/lifecycle-runs';
import type { GroupNews } from '../../../../src/contracts/batch/groups';
import type { KeyClaim } from '../../../../src/contracts/batch/key-claim';
import { releaseFields, tagFields } from '../../../../src/contracts/resource';
import { createKeyClaims } from '../../../../src/storage/batches/key-claims';
import { activityEnvironment, OWNER } from '../../../support/activity-dependencies';
import { BatchPlace } from '../../../support/batches/batch-place';
import { listedGroup } from '../../../support/batches/listed-group';

/** Temporal keeps closed runs for a day, say; here each test says what it still knows. */
const HOUR = 60 * 60_000;
const lifecycle = 'asset-lifecycle:twelvelabs:a.mp4';
let place: BatchPlace;
let end: RunEnd | undefined;
beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: ['setTimeout', 'setInterval', 'setImmediate', 'nextTick', 'clearTimeout'] });
  place = await BatchPlace.make();
  end = 'forgotten';
  place.deps = { ...place.deps, runs: { ...place.deps.runs, endOf: async () => end } };
});
afterEach(async () => {
  jest.useRealTimers();
  await place.close();
});

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;
const pass = (ms: number): unknown => jest.setSystemTime(Date.now() + ms);
const callsOf = (name: string): number => place.provider.calls.filter((call) => call.startsWith(name)).length;

/** Submits what a new batch lists of the folder. @param afterWalk happens between the walk and the first item */
async function submitted(batchId: string, files: readonly string[], afterWalk = async () => {}): Promise<GroupNews> {
  const input = await listedGroup(place, files, { batchId });
  const found = (await inActivity(() => createBatchSteps(place.deps).findExisting(input))) ?? undefined;
  await afterWalk();
  return inActivity(() => createGroupSteps(place.deps).submitItems({ ...input, found }));
}

/** Ingests them to their end. */
async function ingested(batchId: string, files: readonly string[]): Promise<void> {
  await submitted(batchId, files);
  const input = await listedGroup(place, files, { batchId });
  await inActivity(() => createGroupSteps(place.deps).settleItems(input));
  await inActivity(() => createGroupSteps(place.deps).releaseItems(input));
}

describe('items whose groups Temporal has forgotten', () => {
  const files = Array.from({ length: 60 }, (_, nth) => `${nth}.mp4`);

  test('a second batch, days later, asks for the list once, and makes nothing', async () => {
    await ingested('first', files);
    pass(48 * HOUR);
    place.provider.calls.length = 0;
    expect((await submitted('second', files)).due).toMatchObject({ submit: 0 });
    expect([callsOf('assets.list'), callsOf('intake.find'), callsOf('intake.submit')]).toEqual([2, 0, 0]);
    expect(place.provider.held.size).toBe(60);
  });

  test('so does one that begins while groups of the first go on, or after they were ended from outside', async () => {
    await ingested('first', ['a.mp4']);
    pass(HOUR);
    end = undefined;
    place.provider.calls.length = 0;
    await submitted('second', ['a.mp4']);
    expect(callsOf('intake.find')).toBe(0);
  });

  test('what ended about when the walk began is asked for: clocks of workers differ', async () => {
    await ingested('first', ['a.mp4']);
    pass(5000);
    place.provider.calls.length = 0;
    await submitted('second', ['a.mp4']);
    expect(callsOf('intake.find')).toBe(1);
  });

  test('an item that has no end may have made its asset after the walk', async () => {
    await submitted('first', ['a.mp4']); // and its group was ended from outside
    place.provider.held.clear();
    pass(48 * HOUR);
    const news = await submitted('second', ['a.mp4'], async () => {
      place.provider.addAsset({ filename: 'a.mp4', metadata: tagOf(`${place.listing.media}/a.mp4`) });
    });
    expect(news.due).toMatchObject({ submit: 0 });
    expect([callsOf('intake.find'), place.provider.held.size]).toEqual([1, 1]);
  });
});

describe('lifecycles that Temporal has forgotten', () => {
  async function claimed(): Promise<KeyClaim['key']> {
    const key = `${place.listing.media}/a.mp4`;
    await createKeyClaims(place.deps.batches.files).claim(
      { owner: OWNER, provider: 'twelvelabs', key },
      { workflowId: lifecycle, runId: 'its run' },
    );
    return key;
  }

  test('what one has let go of is taken up as the walk saw it', async () => {
    const key = await claimed();
    const metadata = { ...tagOf(key), ...(releaseFields('completed', 'its run') as Record<string, string>) };
    place.provider.addAsset({ filename: 'a.mp4', metadata });
    pass(48 * HOUR);
    await submitted('later', ['a.mp4']);
    expect([callsOf('intake.find'), place.provider.held.size]).toEqual([0, 1]);
  });

  test('one that somebody deleted in Temporal may have been at work after the walk', async () => {
    const key = await claimed();
    const metadata = { ...tagOf(key), ...(releaseFields('completed', 'its run') as Record<string, string>) };
    place.provider.addAsset({ filename: 'a.mp4', metadata });
    pass(HOUR / 2); // no server has forgotten it by itself
    await submitted('later', ['a.mp4']);
    expect(callsOf('intake.find')).toBe(1);
  });

  test('what it has not let go of, and what the walk has not seen, is asked for', async () => {
    const key = await claimed();
    pass(48 * HOUR);
    await submitted('later', ['a.mp4'], async () => {
      place.provider.addAsset({ filename: 'a.mp4', metadata: tagOf(key) });
    });
    expect([callsOf('intake.find'), place.provider.held.size]).toEqual([1, 1]);
  });

  test('an asset that its tag calls its own still is asked for', async () => {
    place.provider.addAsset({ filename: 'a.mp4', metadata: tagOf(await claimed()) });
    pass(48 * HOUR);
    await submitted('later', ['a.mp4']);
    expect(callsOf('intake.find')).toBe(1);
  });
});

const tagOf = (key: string): Record<string, string> =>
  tagFields({ key, workflowId: lifecycle, runId: 'its run', owner: OWNER, onCancel: 'delete', onFailure: 'keep' });
