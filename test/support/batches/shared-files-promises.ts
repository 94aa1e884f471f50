import type { Claimant } from '../../../src/contracts/batch/key-claim';
import { createKeyClaims, type ClaimAttempt } from '../../../src/storage/batches/key-claims';
import type { SharedFiles } from '../../../src/storage/batches/shared-files';

const isKept = async (batchId: string): Promise<boolean> => batchId === 'kept';

/** What every store of shared files promises; `open` gives an empty one. */
export function sharedFilesPromises(open: () => SharedFiles): void {
  describe('shared files', () => {
    test('of many writers of one name exactly one is first, and its content stays', async () => {
      const files = open();
      const writers = Array.from({ length: 12 }, async (_, index) => ({
        index,
        first: await files.create('pages/00000000.ndjson', `{"by":${index}}\n`).catch(() => false),
      }));
      const first = (await Promise.all(writers)).filter((one) => one.first);
      expect(first).toHaveLength(1);
      expect(await files.read('pages/00000000.ndjson')).toBe(`{"by":${first[0]?.index}}\n`);
    });

    test('many files of one content are written at once, but for those that are there', async () => {
      const files = open();
      await files.create('a/2', 'of somebody else');
      const names = ['a/1', 'a/2', 'b/1'];
      expect(await files.createAlike(names, 'ü')).toEqual(new Set(['a/1', 'b/1']));
      expect(await files.createAlike(names, 'too late')).toEqual(new Set());
      expect(await Promise.all(names.map((name) => files.read(name)))).toEqual(['ü', 'of somebody else', 'ü']);
      await files.remove('a/1');
      expect([await files.read('a/1'), await files.read('b/1')]).toEqual([undefined, 'ü']);
      expect([await files.list('a'), await files.list('b')]).toEqual([['2'], ['1']]);
    });

    test('a folder is listed in order, with files and folders, and ends with its removal', async () => {
      const files = open();
      expect(await files.list('a')).toEqual([]);
      expect(await files.read('a/b')).toBeUndefined();
      for (const name of ['a/2', 'a/10/x', 'a/1', 'ab/3']) await files.create(name, 'ü');
      expect(await files.list('a')).toEqual(['1', '10', '2']);
      expect(await files.read('a/10/x')).toBe('ü');
      await files.remove('a/1');
      await files.remove('a/1');
      expect(await files.list('a')).toEqual(['10', '2']);
      await files.removeFolder('a');
      await files.removeFolder('a');
      expect(await files.list('a')).toEqual([]);
      expect(await files.list('ab')).toEqual(['3']);
    });
  });

  describe('claims of keys', () => {
    const key = { owner: 'ns-1', provider: 'p', key: 'movies/ä b.mp4' };
    const lifecycle = { workflowId: 'asset-lifecycle:p:movies/ä b.mp4', runId: 'r1' };
    const item = { workflowId: 'asset-group:b:0', batchId: 'b', item: 7 };

    /** The key has a holder, whose claim can be taken over or forgotten. */
    async function heldBy(files: SharedFiles, by: Claimant) {
      const claims = createKeyClaims(files);
      await claims.claim(key, by);
      const ended = await claims.holderOf(key);
      if (!ended) throw new Error('nobody has the key');
      return { claims, ended };
    }

    test('one of two has the key, the other hears who; a repeat and a later run have it too', async () => {
      const claims = createKeyClaims(open(), { now: () => '2026-11-26T00:00:00Z' });
      expect(await claims.holderOf(key)).toBeUndefined();
      expect(await claims.claim(key, lifecycle)).toEqual({ claimed: true });
      expect(await claims.claim(key, { ...lifecycle, runId: 'r2' })).toEqual({ claimed: true });
      const holder = { ...key, by: lifecycle, at: '2026-11-26T00:00:00Z' };
      expect(await claims.claim(key, item)).toEqual({ claimed: false, holder });
      expect(await claims.claim({ ...key, owner: 'ns-2' }, item)).toEqual({ claimed: true });
      expect(await claims.claim({ ...key, provider: 'q' }, item)).toEqual({ claimed: true });
    });

    test('of items that claim together each has its key, but for keys that somebody has or had', async () => {
      const claims = createKeyClaims(open(), { now: () => '2026-11-26T00:00:00Z' });
      const group = { workflowId: 'asset-group:b:0', runId: 'r1', batchId: 'b' };
      const items = ['ä/3', 'ä/4', '__proto__'].map((text, index) => ({ ...key, key: text, item: 3 + index }));
      const [first = key, taken = key, last = key] = items;
      await claims.claim(taken, lifecycle);
      expect(await claims.claimNew(items, group)).toEqual(new Set([3, 5]));
      expect(await claims.holderOf(first)).toEqual({
        ...{ owner: 'ns-1', provider: 'p', key: 'ä/3' },
        ...{ by: { ...group, item: 3 }, at: '2026-11-26T00:00:00Z' },
      });
      expect((await claims.history(last)).map(({ by }) => by.item)).toEqual([5]);
      expect((await claims.holderOf(taken))?.by).toEqual(lifecycle);
      expect(await claims.claimNew(items, { ...group, runId: 'r2' })).toEqual(new Set());
      expect(await claims.claimNew([], group)).toEqual(new Set());
      expect(await claims.claim(first, { ...group, item: 3 })).toEqual({ claimed: true });
      expect(await claims.claim(first, lifecycle)).toMatchObject({ claimed: false, holder: { by: { item: 3 } } });
      const ended = await claims.holderOf(first);
      if (ended) expect(await claims.takeOver(ended, lifecycle)).toMatchObject({ before: { by: { item: 3 } } });
      await claims.forget(last, 'b', isKept);
      expect(await claims.holderOf(last)).toBeUndefined();
      expect((await claims.holderOf(first))?.by).toEqual(lifecycle);
    });

    test('all who had a key are told of, the last first', async () => {
      const claims = createKeyClaims(open());
      expect(await claims.history(key)).toEqual([]);
      await claims.claim(key, lifecycle);
      const ended = await claims.holderOf(key);
      if (ended) await claims.takeOver(ended, item);
      expect((await claims.history(key)).map(({ by }) => by)).toEqual([item, lifecycle]);
    });

    test('of many who claim a free key at once one has it', async () => {
      const files = open();
      const tries = Array.from({ length: 8 }, (_, n) =>
        createKeyClaims(files)
          .claim(key, { ...item, item: n })
          .catch(() => undefined),
      );
      const done = (await Promise.all(tries)).filter((one) => one?.claimed);
      expect(done).toHaveLength(1);
    });

    test('of many who take over an ended claim one has it, and the others hear of that one', async () => {
      const files = open();
      const { claims, ended } = await heldBy(files, lifecycle);
      const tries = Array.from({ length: 8 }, (_, n) => claims.takeOver(ended, { ...item, item: n }));
      const done = await Promise.all(tries);
      expect(done.filter((one) => one.claimed)).toHaveLength(1);
      const holder = await claims.holderOf(key);
      for (const one of done) if (!one.claimed) expect(one.holder).toEqual(holder);
      expect(holder?.by.batchId).toBe('b');
    });

    test('a claim is forgotten with its batch, unless it was taken over', async () => {
      const claims = createKeyClaims(open());
      await claims.claim(key, item);
      await claims.forget(key, 'another batch', isKept);
      expect((await claims.holderOf(key))?.by).toEqual(item);
      const ended = await claims.holderOf(key);
      if (ended) await claims.takeOver(ended, lifecycle);
      await claims.forget(key, 'b', isKept);
      expect((await claims.holderOf(key))?.by).toEqual(lifecycle);
      const again = await claims.holderOf(key);
      if (again) await claims.takeOver(again, item);
      await claims.forget(key, 'b', isKept);
      expect((await claims.holderOf(key))?.by).toEqual(lifecycle);
    });

    test('with a batch go claims of those that are gone already, and none of one that is kept', async () => {
      const claims = createKeyClaims(open());
      const ofBatch = (batchId: string): Claimant => ({ workflowId: `asset-group:${batchId}:0`, batchId, item: 1 });
      for (const batchId of ['kept', 'gone', 'b']) {
        const ended = await claims.holderOf(key);
        if (ended) await claims.takeOver(ended, ofBatch(batchId));
        else await claims.claim(key, ofBatch(batchId));
      }
      await claims.forget(key, 'b', isKept);
      expect((await claims.history(key)).map(({ by }) => by.batchId)).toEqual(['kept']);
      await claims.forget(key, 'kept', isKept);
      expect(await claims.history(key)).toEqual([]);
      expect(await claims.claim(key, lifecycle)).toEqual({ claimed: true });
    });

    test('a claim that is just being forgotten is waited for, and the next one is the first of its key', async () => {
      const files = open();
      const { claims, ended } = await heldBy(files, item);
      const taken: Promise<ClaimAttempt>[] = [];
      const reads: string[] = [];
      const read: SharedFiles['read'] = async (name) => {
        const content = await files.read(name);
        reads.push(name);
        return content;
      };
      const remove: SharedFiles['remove'] = async (name) => {
        if (taken.length === 0) {
          taken.push(createKeyClaims({ ...files, read }).takeOver(ended, lifecycle));
          while (reads.length < 2 && !reads[0]?.endsWith('2')) await new Promise(setImmediate); // as far as it comes
        }
        await files.remove(name);
      };
      await createKeyClaims({ ...files, remove }).forget(key, 'b', isKept);
      expect(await Promise.all(taken)).toMatchObject([{ claimed: true }]);
      expect((await claims.history(key)).map(({ by }) => by)).toEqual([lifecycle]);
      expect(await claims.claimNew([{ ...key, item: 7 }], { workflowId: 'g', batchId: 'b' })).toEqual(new Set());
    });

    test('a claim that was forgotten only half is no claim', async () => {
      const files = open();
      await createKeyClaims(files).claim(key, item);
      const remove = (): Promise<never> => Promise.reject(new Error('killed'));
      await expect(createKeyClaims({ ...files, remove }).forget(key, 'b', isKept)).rejects.toThrow('killed');
      const claims = createKeyClaims(files, { forgettingMs: 0 });
      expect(await claims.claim(key, lifecycle)).toEqual({ claimed: true });
      expect((await claims.history(key)).map(({ by }) => by)).toEqual([lifecycle]);
    });

    test('who took over a claim that was forgotten meanwhile has nothing, and claims anew', async () => {
      const files = open();
      const { claims, ended } = await heldBy(files, item);
      const other = { workflowId: 'asset-lifecycle:p:other' };
      // between the look and the write of the one who takes over, the claim is forgotten and somebody else claims the key
      const slow = createKeyClaims({
        ...files,
        create: async (name, content) => {
          if (name.endsWith('2')) {
            await claims.forget(key, 'b', isKept);
            await claims.claim(key, other);
          }
          return files.create(name, content);
        },
      });
      const result = await slow.takeOver(ended, lifecycle);
      expect(result).toMatchObject({ claimed: false, holder: { by: other } });
      expect((await claims.holderOf(key))?.by).toEqual(other);
    });
  });
}
