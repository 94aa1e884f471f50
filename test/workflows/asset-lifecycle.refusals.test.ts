import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { fakeActivities } from '../support/fake-activities';
import { LifecycleEnvironment } from '../support/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create();
}, 120_000);
afterAll(() => lifecycles.close());

const source = { type: 'file', path: '/media/clip.mp4' };

test.each<[string, unknown, RegExp]>([
  ['no input', undefined, /input: /],
  ['a string', 'clip.mp4', /input: /],
  ['a missing source', {}, /source: /],
  ['an unknown source', { source: { type: 'ftp' } }, /source\.type: must be "file", "url", "s3" or "asset"/],
  [
    'an unknown branch',
    { source, branch: { type: 'transcode' } },
    /branch\.type: must be "embed", "entity", "index" or "none"/,
  ],
  ['an unknown field', { source, colour: 'red' }, /"colour"/],
  ['a file: URL', { source: { type: 'url', url: 'file:///etc/passwd' } }, /source\.url: must start with http/],
  [
    'a URL with credentials',
    { source: { type: 'url', url: 'https://u:p@example.com/a' } },
    /source\.url: must not carry/,
  ],
  ['a long filename', { source, filename: 'x'.repeat(256) }, /filename: /],
  ['a filename with a separator', { source, filename: '../x.mp4' }, /filename: must be a bare name/],
  ['nested metadata', { source, metadata: { a: { b: 1 } } }, /metadata\.a: must be a string, a number or/],
  [
    'metadata that poses as the tag',
    { source, metadata: { asset_lifecycle_key: 'x' } },
    /metadata: must not have fields/,
  ],
  ['a deadline that is none', { source, deadlines: { ready: 'soon' } }, /deadlines\.ready: must be a duration/],
  ['an entity without a collection', { source, branch: { type: 'entity' } }, /branch\.collectionId: /],
])('refuses %s before any activity', async (_name, input, message) => {
  const { activities, calls } = fakeActivities();
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start(input);
    const error = await handle.result().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(WorkflowFailedError);
    const { cause } = error as WorkflowFailedError;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect((cause as ApplicationFailure).type).toBe('InvalidRequest');
    expect((cause as ApplicationFailure).nonRetryable).toBe(true);
    expect((cause as Error).message).toMatch(message);
  });
  expect(calls).toEqual([]);
});
