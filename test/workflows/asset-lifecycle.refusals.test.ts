import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { failure, type FailureType } from '../../src/contracts/failures';
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

const failureOf = async (input: unknown, activities: ReturnType<typeof fakeActivities>['activities']) =>
  lifecycles.with(activities, async () => {
    const handle = await lifecycles.start(input);
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    return (error as WorkflowFailedError).cause as ApplicationFailure;
  });

test('a presigned URL in a raw start fails as InvalidRequest, and the failure does not repeat it', async () => {
  const url = 'https://media.s3.amazonaws.com/a.mp4?X-Amz-Credential=SECRET&X-Amz-Signature=SECRET';
  const { activities, calls } = fakeActivities();
  const cause = await failureOf({ source: { type: 'url', url } }, activities);
  expect(cause.type).toBe('InvalidRequest');
  expect(cause.message).toMatch(/source\.url: is a presigned URL/);
  expect(JSON.stringify([cause.message, cause.details, cause.stack])).not.toContain('SECRET');
  expect(calls).toEqual([]);
});

test('null in a raw start is as good as absent', async () => {
  const { activities } = fakeActivities();
  const status = await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, filename: null, branch: null, cleanup: { onFailure: null } });
    return (await handle.result()) as LifecycleStatus;
  });
  expect(status.outcome).toBe('completed');
});

test.each<FailureType>(['ProviderRejected', 'ProcessingFailed', 'ResourceGone'])(
  'a branch that ends with %s is failed in the status, and the asset is ready',
  async (type) => {
    const { activities } = fakeActivities({
      startBranch: () => Promise.reject(failure(type, 'no audio in it')),
    });
    const { details } = await failureOf({ source, branch: { type: 'embed' } }, activities);
    expect(details?.[0]).toMatchObject({
      asset: { status: 'ready' },
      branch: { type: 'embed', status: 'failed' },
      error: { type, message: 'no audio in it' },
    });
  },
);

test('a branch that was ready stays so when the release of its asset fails', async () => {
  const { activities } = fakeActivities({ releaseAsset: () => Promise.reject(failure('ProviderAuth', 'expired')) });
  const { details } = await failureOf({ source, branch: { type: 'index', indexId: 'i1' } }, activities);
  expect(details?.[0]).toMatchObject({ branch: { type: 'index', status: 'ready' } });
});
