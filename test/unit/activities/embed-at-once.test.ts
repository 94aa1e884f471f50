import { createStartBranch } from '../../../src/activities/start-branch';
import type { StartBranchInput, StartedBranch } from '../../../src/contracts/activities';
import { failure } from '../../../src/contracts/failures';
import { SubmissionAborted, succeeded } from '../../../src/providers/outcome';
import type { ResultStore } from '../../../src/storage/results/result-store';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const input: StartBranchInput = {
  provider: 'twelvelabs',
  assetId: 'a1',
  fileType: 'image/png',
  branch: { type: 'embed', model: 'marengo3.0' },
  tag: { key: 'k', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' },
  store: { resultName: 'r1' },
};

let provider: MemoryProvider;
let written: Record<string, unknown[]>;
beforeEach(() => {
  provider = new MemoryProvider();
  provider.addAsset({ id: 'a1', status: 'ready' });
  written = {};
});

const results: ResultStore = {
  write: async (name, records) => {
    const lines: unknown[] = [];
    for await (const record of records) lines.push(record);
    written[name] = lines;
    return { uri: `file:///${name}`, sha256: 'ab', bytes: 1, count: lines.length };
  },
  has: async () => false,
  remove: async () => false,
  namesOf: async () => [],
};
const startBranch = (environment = activityEnvironment(), changes: Partial<StartBranchInput> = {}) =>
  environment.run(() =>
    createStartBranch(dependencies({ provider, results }))({ ...input, ...changes }),
  ) as Promise<StartedBranch>;
const none = async function* (): AsyncGenerator<never> {};

test('the step that embeds an image also stores the embedding', async () => {
  const { stored } = await startBranch();
  expect(stored).toMatchObject({ result: { uri: 'file:///r1', count: 1, dimensions: 2 }, surplus: [] });
  expect(written).toEqual({ r1: [{ embedding: [0.8, 0.6] }] });
});

test('an attempt after a lost answer asks again and stores under the same name', async () => {
  provider.failNext('embed.start', failure('ProviderUnavailable', 'no answer'));
  await expect(startBranch()).rejects.toMatchObject({ type: 'ProviderUnavailable', nonRetryable: false });
  expect(written).toEqual({});
  await startBranch(activityEnvironment({ attempt: 2 }));
  expect(Object.keys(written)).toEqual(['r1']);
});

test('nothing is stored once the lifecycle is cancelled, though the provider answered', async () => {
  const environment = activityEnvironment();
  provider.onNext('embed.start', () => environment.cancel('CANCELLED'));
  await expect(startBranch(environment)).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(provider.calls).toContain('embed.start');
  expect(written).toEqual({});
});

test('an answer without a record is a failure, and nothing of it is left', async () => {
  provider.branches.embed.start = async () => [succeeded({ records: none() })];
  await expect(startBranch()).rejects.toMatchObject({
    type: 'ProcessingFailed',
    message: expect.stringContaining('a1'),
  });
  expect(written).toEqual({});
});

test.each(['image/png', 'video/mp4'])('a start for %s that was aborted unsent is a cancellation', async (fileType) => {
  provider.failNext('embed.start', new SubmissionAborted('not sent'));
  await expect(startBranch(activityEnvironment(), { fileType })).rejects.toMatchObject({ name: 'CancelledFailure' });
});
