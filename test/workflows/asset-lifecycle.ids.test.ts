import type { WorkflowFailedError } from '@temporalio/client';
import { lifecycleWorkflowId } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { fakeActivities } from '../support/fake-activities';
import { LifecycleEnvironment } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create();
}, 120_000);
afterAll(() => lifecycles.close());

const source = { type: 'file', path: '/media/clip.mp4' };
const idOf = (key: string): string => lifecycleWorkflowId('twelvelabs', key);

test.each<[string, { key?: string }, string, RegExp]>([
  ['that names no key', {}, 'mine', /key: is not given, and the workflow id "mine" is not "asset-lifecycle:.*:<key>"/],
  ['of its own', { key: 'a' }, 'mine', /The workflow id of the key "a" is "asset-lifecycle:twelvelabs:a", not "mine"/],
  ['of another key', { key: 'a' }, idOf('b'), /key "a" is "asset-lifecycle:twelvelabs:a", not "asset-.*:b"/],
  ['whose key is too long', {}, idOf('x'.repeat(290)), /key, from the workflow id: .*200/],
  ['whose key ends in a space', {}, idOf('a '), /key, from the workflow id: must not begin or end with white space/],
])('refuses a workflow id %s before any activity', async (_name, input, workflowId, message) => {
  const { activities, calls } = fakeActivities();
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, ...input }, workflowId);
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect((error as WorkflowFailedError).cause).toMatchObject({
      type: 'InvalidRequest',
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
  });
  expect(calls).toEqual([]);
});

test('a raw start without a key takes that of its workflow id', async () => {
  const { activities } = fakeActivities();
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source }, idOf('movies/ä b.mp4'));
    const status = (await handle.result()) as LifecycleStatus;
    expect(status).toMatchObject({ key: 'movies/ä b.mp4', outcome: 'completed' });
  });
});

test('a result is named by its namespace, workflow and run', async () => {
  const names: string[] = [];
  const standard = fakeActivities().activities;
  const { activities } = fakeActivities({
    storeRecords: (input) => {
      names.push(input.resultName);
      return standard.storeRecords(input);
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, branch: { type: 'embed' } }, idOf('named'));
    await handle.result();
    const { runId } = await handle.describe();
    expect(names).toEqual([`namespace-of-tests/${idOf('named')}/${runId}`]);
  });
});
