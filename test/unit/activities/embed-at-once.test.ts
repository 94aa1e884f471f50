import { createBranchSteps } from '../../../src/activities/branch-steps';
import type { EmbedAtOnceInput } from '../../../src/contracts/activities';
import { failure } from '../../../src/contracts/failures';
import { SubmissionAborted } from '../../../src/providers/outcome';
import type { ResultStore } from '../../../src/storage/results/result-store';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const input: EmbedAtOnceInput = {
  provider: 'twelvelabs',
  assetId: 'a1',
  fileType: 'image/png',
  branch: { type: 'embed', model: 'marengo3.0' },
  resultName: 'r1',
};

let provider: MemoryProvider;
let written: Record<string, unknown[]>;
beforeEach(() => {
  provider = new MemoryProvider();
  written = {};
});

const results: ResultStore = {
  write: async (name, records) => {
    written[name] = [...records];
    return { uri: `file:///${name}`, sha256: 'ab', bytes: 1, count: written[name].length };
  },
  has: async () => false,
  remove: async () => false,
  namesOf: async () => [],
};
const steps = () => createBranchSteps(dependencies({ provider, results }));

test('the step that embeds an image also stores the embedding', async () => {
  const stored = await activityEnvironment().run(() => steps().embedAtOnce(input));
  expect(stored).toMatchObject({ result: { uri: 'file:///r1', count: 1, dimensions: 2 }, surplus: [] });
  expect(written).toEqual({ r1: [{ embedding: [0.8, 0.6] }] });
});

test('an attempt after a lost answer asks again and stores under the same name', async () => {
  const answers = [Promise.reject(failure('ProviderUnavailable', 'no answer')), Promise.resolve([{ embedding: [1] }])];
  provider.embedAtOnce = async () => (await answers.shift()) ?? [];
  await expect(activityEnvironment().run(() => steps().embedAtOnce(input))).rejects.toMatchObject({
    type: 'ProviderUnavailable',
    nonRetryable: false,
  });
  expect(written).toEqual({});
  await activityEnvironment({ attempt: 2 }).run(() => steps().embedAtOnce(input));
  expect(Object.keys(written)).toEqual(['r1']);
});

test('nothing is stored once the lifecycle is cancelled, though the provider answered', async () => {
  const environment = activityEnvironment();
  provider.embedAtOnce = async () => {
    environment.cancel('CANCELLED');
    return [{ embedding: [1] }];
  };
  await expect(environment.run(() => steps().embedAtOnce(input))).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(written).toEqual({});
});

test.each(['embedAtOnce', 'ensureEmbedding'] as const)('%s that was aborted unsent is a cancellation', async (step) => {
  const aborted = async () => {
    throw new SubmissionAborted('not sent');
  };
  provider.embedAtOnce = aborted;
  provider.createEmbedding = aborted;
  const running = activityEnvironment().run((): Promise<unknown> => steps()[step](input));
  await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
});
