import { Client, Connection } from '@temporalio/client';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import {
  ASSET_LIFECYCLE,
  lifecycleWorkflowId,
  SEARCH_ATTRIBUTES,
  WORKFLOW_TASK_QUEUE,
} from '../../../src/contracts/ids';
import type { TemporalServer } from '../../../src/stack/temporal-server';
import type { ListFilter } from '../../../src/temporal/runs/list-query';
import { startTestTemporal } from '../../support/system/temporal';

jest.setTimeout(60_000);
let temporal: TemporalServer;
let client: Client;
let lifecycles: LifecycleClient;
beforeAll(async () => {
  temporal = await startTestTemporal();
  const connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection, namespace: temporal.namespace });
  lifecycles = await LifecycleClient.connect({ temporal: { client, ...temporal } });
  for (const [key, attributes] of Object.entries(RUNS)) await start(key, attributes);
  await client.workflow.getHandle(lifecycleWorkflowId('twelvelabs', 'ended/terminated')).terminate();
  await untilListed({}, Object.keys(RUNS).length);
  await untilListed({ outcome: 'failed' }, 1);
});
afterAll(async () => {
  await lifecycles?.close();
  await temporal?.close();
});

interface Attributes {
  phase?: string;
  branch?: string;
  assetId?: string;
}

/** No worker takes them: what is listed is what they were started with. */
const RUNS: Record<string, Attributes | undefined> = {
  [`quotes/it's "so"`]: { phase: 'creating', branch: 'none' },
  ['back\\slash\\film']: { phase: 'creating', branch: 'none' },
  ['100%/sure']: { phase: 'processing', branch: 'embed', assetId: 'a-1' },
  ['100_/sure']: { phase: 'processing', branch: 'embed', assetId: 'a-2' },
  ['Films/Intro']: { phase: 'branching', branch: 'embed+index' },
  ['films/intro']: { phase: 'branching', branch: 'index' },
  ['影片/Ünïcödé']: { phase: 'cleaning', branch: 'embed+entity+index' },
  ['raw/without attributes']: undefined,
  ['ended/terminated']: { phase: 'processing', branch: 'entity' },
};

async function start(key: string, attributes: Attributes | undefined): Promise<void> {
  const pairs = Object.entries(attributes ?? {}).map(([name, value]) => ({
    key: SEARCH_ATTRIBUTES[name as 'phase'],
    value: value as string,
  }));
  const typedSearchAttributes: Parameters<typeof client.workflow.start>[1]['typedSearchAttributes'] = attributes && [
    { key: SEARCH_ATTRIBUTES.key, value: key },
    { key: SEARCH_ATTRIBUTES.provider, value: 'twelvelabs' },
    ...pairs,
  ];
  await client.workflow.start(ASSET_LIFECYCLE, {
    taskQueue: `${WORKFLOW_TASK_QUEUE}-nobody`,
    workflowId: lifecycleWorkflowId('twelvelabs', key),
    args: [{}],
    ...(typedSearchAttributes ? { typedSearchAttributes } : {}),
  });
}

async function listed(filter: ListFilter): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of lifecycles.list(filter)) keys.push(key);
  return keys.sort();
}

/** Visibility lags by about a second. */
async function untilListed(filter: ListFilter, count: number): Promise<void> {
  while ((await listed(filter)).length < count) await new Promise((resolve) => setTimeout(resolve, 50));
}

test.each(Object.keys(RUNS))('the key %j is found by each of its starts, and by no other case', async (key) => {
  for (const end of [1, Math.ceil(key.length / 2), key.length]) {
    const prefix = key.slice(0, end);
    const expected = Object.keys(RUNS).filter((one) => one.startsWith(prefix));
    expect([prefix, await listed({ key: prefix })]).toEqual([prefix, expected.sort()]);
  }
});

test.each<[ListFilter, string[]]>([
  [{ phase: 'creating' }, ['back\\slash\\film', `quotes/it's "so"`]],
  [{ phase: 'pending' }, ['raw/without attributes']],
  [{ phase: 'processing' }, ['100%/sure', '100_/sure']],
  [{ phase: 'failed' }, ['ended/terminated']],
  [{ outcome: 'failed' }, ['ended/terminated']],
  [{ outcome: 'completed' }, []],
  [{ branch: 'index' }, ['Films/Intro', 'films/intro', '影片/Ünïcödé']],
  [{ branch: 'embed' }, ['100%/sure', '100_/sure', 'Films/Intro', '影片/Ünïcödé']],
  [{ branch: 'entity' }, ['ended/terminated', '影片/Ünïcödé']],
  [{ branch: 'none' }, ['back\\slash\\film', `quotes/it's "so"`]],
  [{ assetId: 'a-2' }, ['100_/sure']],
  [{ branch: 'embed', key: '100', assetId: 'a-1' }, ['100%/sure']],
  [{ provider: 'other' }, []],
  [{ closedAfter: new Date(0) }, ['ended/terminated']],
  [{ closedBefore: new Date(0) }, []],
  [{ startedBefore: new Date(0) }, []],
])('the filter %j finds these and no others', async (filter, keys) => {
  expect(await listed(filter)).toEqual(keys.sort());
});

test('all are of this provider, also a raw start that says none, and all are younger than an hour', async () => {
  const all = Object.keys(RUNS).sort();
  expect(await listed({ provider: 'twelvelabs' })).toEqual(all);
  const [hourAgo, inAnHour] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)];
  expect(await listed({ startedAfter: hourAgo, startedBefore: inAnHour })).toEqual(all);
  expect(await listed({ startedAfter: inAnHour })).toEqual([]);
});

test('a limit counts what is left after the comparison', async () => {
  expect(await listed({ key: '影', limit: 1 })).toEqual(['影片/Ünïcödé']);
  expect(await listed({ limit: 3 })).toHaveLength(3);
});
