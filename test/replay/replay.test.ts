import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import * as workflows from '../../src/workflows';
import { version } from '../../package.json';
import { manifestOf, manifestProblems, recordedHistories, releaseProblems } from '../support/history-files';
import { todaysWorkflows } from '../support/workflow-bundles/todays-workflows';

jest.setTimeout(60_000);
const recorded = recordedHistories();
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await todaysWorkflows();
});

const replay = (history: unknown) => Worker.runReplayHistory({ workflowBundle }, history, 'replayed');

test('the manifest lists every history, and none was edited, dropped or emptied', () => {
  expect(manifestProblems(recorded, manifestOf())).toEqual([]);
});

test('until 1.0.0 every history is of this release; from then on those of earlier releases stay', () => {
  const names = recorded.map(({ name }) => name);
  expect(releaseProblems(names, version)).toEqual([]);
  const earlier = 'assetLifecycle/0.2.0-none.json';
  expect(releaseProblems([earlier], '0.3.0')).toEqual([`${earlier}: is not of 0.3.0`]);
  expect(releaseProblems([earlier], '1.1.0')).toEqual([]);
});

test('the bundle holds no schema library, which every cached run would pay for', () => {
  expect(workflowBundle.code).not.toContain('node_modules/zod');
});

test('every registered workflow has a history', () => {
  for (const type of Object.keys(workflows)) {
    expect(recorded.some(({ name }) => name.startsWith(`${type}/`))).toBe(true);
  }
});

test.each(recorded.map(({ name, history }) => [name, history] as const))(
  '%s replays on today’s code',
  async (_name, history) => {
    await replay(history);
  },
);

test('the gate can fail: a history whose steps are in another order does not replay', async () => {
  const embed = recorded.find(({ name }) => /^assetLifecycle.*-embed\.json$/.test(name));
  if (!embed) throw new Error('no embed history');
  const changed = JSON.parse(JSON.stringify(embed.history).replaceAll('untilAssetReady', 'releaseAsset')) as unknown;
  await expect(replay(changed)).rejects.toMatchObject({ name: 'DeterminismViolationError' });
});

test('the manifest check can fail', () => {
  const [first] = recorded;
  if (!first) throw new Error('no history');
  const manifest = manifestOf();
  expect(manifestProblems([], manifest)).toContain('no history was recorded');
  expect(manifestProblems([{ ...first, sha256: 'edited' }], manifest)).toContain(`${first.name}: was edited`);
  expect(manifestProblems(recorded, {})).toContain(`${first.name}: not in the manifest`);
});
