import { CancelledFailure } from '@temporalio/common';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import type { GroupNews } from '../../../src/contracts/batch/groups';
import { activityEnvironment } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { listedGroup } from '../../support/batches/listed-group';
import { until } from '../../support/until';

const GROUP = 20;
const THIRD = 2 * GROUP;
const files = Array.from({ length: 3 * GROUP }, (_, nth) => `${String(nth).padStart(2, '0')}.mp4`);

let place: BatchPlace;
/** Items in the order in which they were handed in. */
let handedIn: number[];
let underWay: number;
let most: number;
let heldTo: number;
let letGo: () => void;
beforeEach(async () => {
  place = await BatchPlace.make();
  [handedIn, underWay, most, heldTo] = [[], 0, 0, files.length];
  const { intake } = place.provider;
  const submit = intake.submit.bind(intake);
  const held = new Promise<void>((resolve) => (letGo = resolve));
  intake.submit = async (items, options) => {
    const item = Number.parseInt(items[0]?.filename ?? '', 10);
    handedIn.push(item);
    most = Math.max(most, (underWay += 1));
    if (item < heldTo) await held;
    underWay -= 1;
    return submit(items, options);
  };
});
afterEach(() => place.close());

/** One worker hands in groups at once. @param sizes of the groups, which begin at every 20th file */
async function handIn(sizes: readonly number[]) {
  const all = await listedGroup(place, files);
  const steps = createGroupSteps(place.deps);
  return sizes.map((size, nth) => {
    const environment = activityEnvironment();
    const from = nth * GROUP;
    const group = { ...all, workflowId: `group-${nth}`, from, end: from + size };
    return { environment, done: environment.run(() => steps.submitItems(group)) as Promise<GroupNews> };
  });
}

const byGroup = (items: readonly number[]): number[] =>
  [0, 1, 2].map((nth) => items.filter((item) => Math.floor(item / GROUP) === nth).length);

const PROCESSING = { processing: GROUP };

test('a worker hands in 32 items at once, of all its groups, those of the first groups first', async () => {
  const groups = await handIn([GROUP, GROUP, GROUP]);
  await until(() => handedIn.length >= 32);
  letGo();
  const news = await Promise.all(groups.map(({ done }) => done));
  expect(news.map(({ counts }) => counts.by)).toEqual([PROCESSING, PROCESSING, PROCESSING]);
  expect([most, byGroup(handedIn.slice(0, 32))]).toEqual([32, [16, 16, 0]]);
  const before = handedIn.slice(
    0,
    handedIn.findIndex((item) => item >= THIRD),
  );
  expect(byGroup(before)).toEqual([GROUP, expect.any(Number), 0]);
});

test('a group of which all is handed in waits for no further place', async () => {
  heldTo = THIRD;
  const [first, second, third] = await handIn([GROUP, 15, 3]);
  expect((await third?.done)?.counts.by).toEqual({ processing: 3 });
  expect([underWay, most]).toEqual([31, 32]);
  letGo();
  await Promise.all([first?.done, second?.done]);
});

test('a group that is cancelled while it waits for places begins nothing, and holds up no other', async () => {
  const [first, second, third] = await handIn([GROUP, GROUP, GROUP]);
  await until(() => handedIn.length >= 32);
  third?.environment.cancel();
  await expect(third?.done).rejects.toBeInstanceOf(CancelledFailure);
  letGo();
  const news = await Promise.all([first?.done, second?.done]);
  expect(news.map((one) => one?.counts.by)).toEqual([PROCESSING, PROCESSING]);
  expect(byGroup(handedIn)).toEqual([GROUP, GROUP, 0]);
});
