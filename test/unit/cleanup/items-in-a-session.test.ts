import { endPending } from '../../../src/activities/cleanup/end-pending';
import { runAsItem, type ItemCall } from '../../../src/activities/lib/item-call';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';
import { until } from '../../support/until';

test('items whose session goes on hear within seconds what became of them, and look together', async () => {
  const memory = new MemoryProvider();
  const rounds: string[][] = [];
  const provider: MediaProvider = {
    ...{ name: memory.name, traits: memory.traits, branches: {}, assets: memory.assets, close: async () => {} },
    intake: { ...memory.intake, abandon: async () => 'open' },
    async *watch(handles) {
      rounds.push(handles.map(({ item = '' }) => item).toSorted());
      for (const handle of handles) yield { handle, state: rounds.length < 3 ? 'working' : 'gone' };
    },
  };
  const { signal } = new AbortController();
  const call = (): ItemCall => ({
    ...{ attempt: 1, left: undefined, details: undefined, signal },
    others: { arrive: () => {}, toCome: () => 0 },
  });
  const end = (item: string) => {
    const pending = { kind: 'intake', id: 'session', item, words: item };
    const removal = {
      deps: dependencies({ provider: memory }),
      provider,
      own: new Set<string>(),
      ended: new Set<string>(),
      policy: 'delete' as const,
      signal,
    };
    return runAsItem(call(), () => endPending({ kind: 'asset', adopted: false, pending }, removal));
  };
  await until(() => Date.now() % 5000 < 1000); // both begin long before the next common look
  const first = end('a');
  await until(() => rounds.length === 1);
  expect(await Promise.all([first, end('b')])).toMatchObject([{ decided: true }, { decided: true }]);
  expect(rounds).toEqual([['a'], ['b'], ['a', 'b']]);
});
