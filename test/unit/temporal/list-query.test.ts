import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { InvalidInput } from '../../../src/temporal/errors';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import { listQuery, oneOf } from '../../../src/temporal/runs/list-query';
import { lifecycleWorkflowId, SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';

test.each([`a'b`, 'a\\', 'a?', ''])('no value that could break a query enters one: %j', (assetId) => {
  expect(() => listQuery({ assetId })).toThrow(InvalidInput);
});

test.each([
  ['films/2026/intro.mp4', 'films/2026/intro.mp4'],
  ['films/it’s?', 'films/it'],
  ['back\\slash', 'back'],
])('of the key %j only its plain start is queried', (key, start) => {
  expect(listQuery({ key })).toBe(`WorkflowType = 'assetLifecycle' AND AssetKey STARTS_WITH '${start}'`);
});

test('a key that begins with a character that could break a query is not queried at all', () => {
  expect(listQuery({ key: "'); --" })).toBe("WorkflowType = 'assetLifecycle'");
});

test('the list compares whole keys, since only their start is queried', async () => {
  const keys = ['films/it’s?-1', 'films/item', 'films/it’s?-2'];
  const workflow = {
    async *list() {
      for (const key of keys) {
        const id = lifecycleWorkflowId('twelvelabs', key);
        const typedSearchAttributes = new TypedSearchAttributes();
        yield { workflowId: id, runId: 'r', status: { name: 'RUNNING' }, startTime: new Date(), typedSearchAttributes };
      }
    },
  };
  const temporal = { client: { workflow } as unknown as Client, address: '', namespace: '' };
  const client = await LifecycleClient.connect({ temporal });
  const found: string[] = [];
  for await (const { key } of client.list({ key: 'films/it’s?', limit: 2 })) found.push(key);
  expect(found).toEqual(['films/it’s?-1', 'films/it’s?-2']);
});

test('of ids at the provider only those that cannot break a query are asked for', () => {
  const { assetId } = SEARCH_ATTRIBUTES;
  expect(oneOf(assetId, ['a1', "b'", 'a1', 'c-2'])).toBe("AssetId IN ('a1', 'c-2')");
  expect(oneOf(assetId, ["b'"])).toBeUndefined();
});

test('an age is a time of ours, and no caller’s text', () => {
  const startedAfter = new Date('2026-11-25T12:00:00Z');
  expect(listQuery({ startedAfter })).toBe(
    "WorkflowType = 'assetLifecycle' AND StartTime >= '2026-11-25T12:00:00.000Z'",
  );
});
