import { Context } from '@temporalio/activity';
import type { Activities, RemoveResourcesInput, StoredRecords } from '../../src/contracts/activities';
import type { ReceiptEntry } from '../../src/contracts/lifecycle-status';
import type { Resource } from '../../src/contracts/resource';

interface FakeSteps extends Activities {
  /** What `removeResources` does with each resource. */
  removeOne(resource: Resource, policy: RemoveResourcesInput['policy']): Promise<ReceiptEntry[]>;
}

const stored = (count: number): StoredRecords => ({
  result: { uri: 'file:///results/a.ndjson', sha256: 'ab'.repeat(32), bytes: 33 * count, count, dimensions: 512 },
  surplus: [],
});

/** Kind of the object that a branch waits for, and the id that the fake gives it. */
const MADE_BY: Readonly<Record<string, { kind: string; id: string }>> = {
  embed: { kind: 'embedding', id: 'task-1' },
  entity: { kind: 'entity', id: 'entity-1' },
  index: { kind: 'indexed-asset', id: 'indexed-1' },
};

/**
 * What a fake provider answers when nothing goes wrong; tests override single steps.
 * @returns in `calls` each step, with the branch, the object or the resources that it is about.
 */
export function fakeActivities(overrides: Partial<FakeSteps> = {}): { activities: Activities; calls: string[] } {
  const standard: FakeSteps = {
    async findSourceQueue() {
      throw new Error('this test has no source queues');
    },
    async submitSource({ source, filename }) {
      const adopted = source.type === 'asset';
      return { id: adopted ? source.assetId : 'asset-1', status: 'processing', filename, adopted };
    },
    async untilAssetReady({ assetId = '' }) {
      return { id: assetId, status: 'ready', fileType: 'video/mp4', sizeBytes: 1234, durationSec: 10 };
    },
    async startBranch({ branch, fileType }) {
      const { type, model, entityId } = branch;
      if (type === 'embed' && model === 'marengo3.0' && fileType === 'image/png') return { stored: stored(1) };
      const made = MADE_BY[type];
      if (!made) throw new Error(`the fake has no branch ${type}`);
      const { kind } = made;
      const id = typeof entityId === 'string' ? entityId : made.id;
      return { id, handle: { kind, id, words: `${kind} ${id}` } };
    },
    async untilBranchReady() {},
    storeRecords: async () => stored(3),
    async releaseAsset() {
      return [];
    },
    async removeResources({ resources, policy }) {
      const entries: ReceiptEntry[] = [];
      for (const resource of resources) entries.push(...(await steps.removeOne(resource, policy)));
      return entries;
    },
    async removeOne(resource, policy) {
      const isAdopted = 'adopted' in resource && resource.adopted === true && policy !== 'force-delete';
      const because = isAdopted ? 'adopted' : `the cleanup policy is "${policy}"`;
      const result = isAdopted || policy === 'keep' ? 'kept' : 'deleted';
      return [{ resource: resource.kind, id: resource.id ?? `found-${resource.kind}`, result, because, at: '' }];
    },
  };
  const steps = { ...standard, ...overrides };
  const calls: string[] = [];
  const activities: Activities = {
    findSourceQueue: (input) => noted('findSourceQueue', () => steps.findSourceQueue(input)),
    submitSource: (input) => noted('submitSource', () => steps.submitSource(input)),
    untilAssetReady: (input) => noted('untilAssetReady', () => steps.untilAssetReady(input)),
    startBranch: (input) => noted(`startBranch ${input.branch.type}`, () => steps.startBranch(input)),
    untilBranchReady: (input) => noted(`untilBranchReady ${input.handle.kind}`, () => steps.untilBranchReady(input)),
    storeRecords: (input) => noted(`storeRecords ${input.branch}`, () => steps.storeRecords(input)),
    releaseAsset: (input) => noted('releaseAsset', () => steps.releaseAsset(input)),
    removeResources: (input) =>
      noted(`removeResources ${input.resources.map(({ kind }) => kind).join(', ')}`, () =>
        steps.removeResources(input),
      ),
  };
  function noted<T>(call: string, step: () => T): T {
    calls.push(call);
    return step();
  }
  return { activities, calls };
}

/** A wait that ends only when it is cancelled. */
export const forever = async (): Promise<never> => {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 50);
  return context.cancelled.finally(() => clearInterval(timer));
};
