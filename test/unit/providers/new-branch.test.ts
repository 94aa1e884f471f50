import { z } from 'zod';
import { lifecycleJsonSchema } from '../../../scripts/lifecycle-json-schema';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createHeldWaits } from '../../../src/activities/held-waits';
import { createStartBranch } from '../../../src/activities/start-branch';
import { createStoreRecords } from '../../../src/activities/store-records';
import { startCommand } from '../../../src/cli/commands/start';
import { inputOf } from '../../../src/cli/start-input';
import type { StartedBranch, StoredRecords } from '../../../src/contracts/activities';
import { carriesTag, tagFields, type LedgerTag } from '../../../src/contracts/resource';
import type { BranchDeclaration } from '../../../src/providers/branch-kind';
import { outcomeOf } from '../../../src/providers/outcome';
import { acceptInput, branchTypes, plansOf, type Registry } from '../../../src/providers/registry';
import { twelvelabs } from '../../../src/providers/twelvelabs/declaration';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const CaptionsSchema = z.strictObject({ type: z.literal('captions'), language: z.string().default('en') });
type Captions = z.output<typeof CaptionsSchema>;

/** Captions of the assets, as an account would hold them. */
class CaptionsStore {
  readonly tracks = new Map<string, { assetId: string; metadata: Record<string, string> }>();
}

/** A branch that no other file knows of. */
const captions = {
  type: 'captions',
  schema: CaptionsSchema,
  flags: [{ flag: '--language <code>', field: 'language', help: 'captions: their language' }],
  example: 'intro.mp4 --branch captions --language de',
  plan: ({ language }) => ({ stores: true, makes: { kind: 'caption-track', in: language } }),
  connect: (store) => ({
    effect: () => 'create',
    start: (items) =>
      Promise.all(
        items.map(({ assetId, branch, tag }) =>
          outcomeOf(async () => {
            const id = `track-${store.tracks.size + 1}`;
            store.tracks.set(id, { assetId, metadata: tagFields(tag) });
            return { id, handle: { kind: 'caption-track', id, in: branch.language, words: `Captions ${id}` } };
          }),
        ),
      ),
    find: async () => [],
    tagged: async ({ tag }) =>
      [...store.tracks].filter(([, { metadata }]) => carriesTag(metadata, tag)).map(([id]) => ({ id })),
    async *records() {
      yield { embedding: [1, 0, 0], text: 'Hello' };
    },
    remove: async ({ id }) => {
      store.tracks.delete(id);
      return { result: 'deleted', because: 'the provider deleted it' };
    },
  }),
} satisfies BranchDeclaration<Captions, CaptionsStore>;

const registry: Registry = [{ ...twelvelabs, branches: [...twelvelabs.branches, captions] }];
const source = { type: 'file', path: '/media/intro.mp4' } as const;

describe('a branch that is one object in the provider’s list', () => {
  test('is accepted with its defaults and its plan, and its fields are checked', () => {
    const input = acceptInput({ source, branch: { type: 'captions' } }, registry);
    expect(input.branches).toEqual([{ type: 'captions', language: 'en' }]);
    expect(plansOf(input, registry)).toEqual([{ stores: true, makes: { kind: 'caption-track', in: 'en' } }]);
    const wrong = { source, branch: { type: 'captions', tone: 'dry' } };
    expect(() => acceptInput(wrong, registry)).toThrow('branch: unknown field "tone"');
    expect(() => acceptInput({ source, branch: { type: 'none-such' } }, registry)).toThrow('"captions" or "none"');
    expect(branchTypes(registry)).toContain('captions');
  });

  test('stands in the published schema and in the flags and the help of start', async () => {
    expect(JSON.stringify(lifecycleJsonSchema(registry))).toContain('"captions"');
    const help = startCommand(registry).helpInformation();
    expect(help).toContain('--language <code>');
    const flags = { branch: ['captions'], language: 'de' };
    expect(await inputOf('/media/intro.mp4', flags, registry)).toMatchObject({
      branch: { type: 'captions', language: 'de' },
    });
  });

  test('is started, waited for, stored and removed', async () => {
    const store = new CaptionsStore();
    const provider = new MemoryProvider();
    Object.assign(provider.branches, { captions: { type: 'captions', ...captions.connect(store) } });
    provider.addAsset({ id: 'a', status: 'ready' });
    const lines: unknown[] = [];
    const results = {
      write: async (_name: string, records: Iterable<unknown> | AsyncIterable<unknown>) => {
        for await (const record of records) lines.push(record);
        return { uri: 'file:///r', sha256: 'ab', bytes: 1, count: lines.length };
      },
      has: async () => true,
      remove: async () => true,
      namesOf: async () => [],
    };
    const watcher = { until: async (handle: object) => ({ handle, state: 'ready' }) as never };
    const deps = dependencies({ provider, results, watcher });
    const tag: LedgerTag = {
      key: 'k',
      workflowId: 'w',
      runId: 'r',
      owner: OWNER,
      onCancel: 'delete',
      onFailure: 'keep',
    };
    const run = <T>(step: () => Promise<T>): Promise<T> => activityEnvironment().run(step) as Promise<T>;

    const branch = { type: 'captions', language: 'de' };
    const started: StartedBranch = await run(() =>
      createStartBranch(deps)({ provider: 'twelvelabs', assetId: 'a', branch, tag }),
    );
    const { handle } = started;
    if (!handle) throw new Error('there is nothing to wait for');
    await run(() => createHeldWaits(deps).untilBranchReady({ provider: 'twelvelabs', handle }));
    const stored: StoredRecords = await run(() =>
      createStoreRecords(deps)({ provider: 'twelvelabs', branch: 'captions', handle, resultName: 'r' }),
    );
    expect(stored.result).toMatchObject({ count: 1, dimensions: 3 });
    expect(lines).toEqual([{ embedding: [1, 0, 0], text: 'Hello' }]);

    const resource = { kind: 'caption-track', branch: 'captions', id: started.id, in: 'de', assetId: 'a', tag };
    const entries = await run(() =>
      createRemoveResources(deps)({ provider: 'twelvelabs', resources: [resource], policy: 'delete' }),
    );
    expect(entries).toMatchObject([{ resource: 'caption-track', id: 'track-1', in: 'de', result: 'deleted' }]);
    expect(store.tracks.size).toBe(0);
  });
});
