import { Context } from '@temporalio/activity';
import type { Activities } from '../../src/contracts/activities';
import type { ReceiptEntry } from '../../src/contracts/lifecycle-status';
import { entryOf, keptBecause } from '../../src/activities/cleanup/receipt-entry';

/** What a fake provider answers when nothing goes wrong; tests override single steps. */
export function fakeActivities(overrides: Partial<Activities> = {}): { activities: Activities; calls: string[] } {
  const calls: string[] = [];
  const standard: Activities = {
    async findSourceQueue() {
      throw new Error('this test has no source queues');
    },
    async submitSource({ source, filename }) {
      const adopted = source.type === 'asset';
      return { id: adopted ? source.assetId : 'asset-1', status: 'processing', filename, adopted };
    },
    async untilAssetReady({ assetId }) {
      return { id: assetId, status: 'ready', fileType: 'video/mp4', sizeBytes: 1234, durationSec: 10 };
    },
    async ensureEmbedding() {
      return { taskId: 'task-1' };
    },
    async embedAtOnce() {
      const result = { uri: 'file:///results/a.ndjson', sha256: 'cd'.repeat(32), bytes: 33, count: 1, dimensions: 512 };
      return { result, surplus: [] };
    },
    async untilEmbeddingReady() {},
    async storeEmbedding() {
      const result = { uri: 'file:///results/a.ndjson', sha256: 'ab'.repeat(32), bytes: 99, count: 3, dimensions: 512 };
      return { result, surplus: [] };
    },
    async ensureEntity({ branch }) {
      return { entityId: branch.entityId ?? 'entity-1' };
    },
    async untilEntityReady() {},
    async ensureIndexedAsset() {
      return { indexedAssetId: 'indexed-1' };
    },
    async untilIndexedAssetReady() {},
    async releaseAsset() {
      return [];
    },
    async removeResources({ resources, ...rest }) {
      const entries: ReceiptEntry[] = [];
      for (const resource of resources) entries.push(...(await merged.removeResource({ resource, ...rest })));
      return entries;
    },
    async removeResource({ resource, policy }) {
      const reason = keptBecause(resource, policy);
      const found = { ...resource, id: resource.id ?? `found-${resource.kind}` };
      return [reason ? entryOf(found, 'kept', reason) : entryOf(found, 'deleted', 'a fake')];
    },
  };
  const merged = { ...standard, ...overrides };
  const activities = Object.fromEntries(
    Object.entries(merged).map(([name, step]) => [
      name,
      (argument: never) => {
        const target =
          'resources' in (argument as object)
            ? ` ${(argument as { resources: { kind: string }[] }).resources.map(({ kind }) => kind).join(', ')}`
            : '';
        calls.push(name + target);
        return (step as (input: never) => Promise<unknown>)(argument);
      },
    ]),
  ) as unknown as Activities;
  return { activities, calls };
}

/** A wait that ends only when it is cancelled. */
export const forever = async (): Promise<never> => {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 50);
  return context.cancelled.finally(() => clearInterval(timer));
};
