import { lookTogether } from '../../../src/activities/lib/look-together';
import { assetHandle } from '../../../src/contracts/branches/handle';
import { failure } from '../../../src/contracts/failures';
import type { MediaProvider } from '../../../src/providers/media-provider';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A provider that says `working` of all that it is asked for, but for some. */
function asked(but: Record<string, 'silent' | 'refused'> = {}) {
  const rounds: string[][] = [];
  const watch: MediaProvider['watch'] = async function* (handles) {
    rounds.push(handles.map(({ id }) => id));
    for (const handle of handles) {
      const { [handle.id]: odd } = but;
      if (odd === 'refused') yield { handles: [handle], error: failure('ProviderRejected', 'not this one') };
      else if (!odd) yield { handle, state: 'working' };
    }
  };
  return { rounds, provider: { name: 'memory', watch } };
}

test('who looks at the same moment shares the requests, and who looks later has others', async () => {
  const { rounds, provider } = asked();
  const both = [lookTogether(provider, assetHandle('a')), lookTogether(provider, assetHandle('b'))];
  const twice = lookTogether(provider, assetHandle('a'));
  await jest.advanceTimersByTimeAsync(50);
  expect((await Promise.all([...both, twice])).map(({ handle }) => handle.id)).toEqual(['a', 'b', 'a']);
  const later = lookTogether(provider, assetHandle('c'));
  await jest.advanceTimersByTimeAsync(50);
  await later;
  expect(rounds).toEqual([['a', 'b'], ['c']]);
});

test('each hears of its own trouble, also of silence', async () => {
  const { provider } = asked({ b: 'refused', c: 'silent' });
  const all = Promise.allSettled(['a', 'b', 'c'].map((id) => lookTogether(provider, assetHandle(id))));
  await jest.advanceTimersByTimeAsync(50);
  expect(await all).toMatchObject([
    { status: 'fulfilled', value: { state: 'working' } },
    { status: 'rejected', reason: { message: 'not this one' } },
    { status: 'rejected', reason: { type: 'ProviderUnavailable' } },
  ]);
});

test('a look ends once each was heard, whatever the provider would do next', async () => {
  let goesOn = true;
  const watch: MediaProvider['watch'] = async function* (handles) {
    try {
      for (const handle of handles) yield { handle, state: 'working' };
      await new Promise(() => {});
    } finally {
      goesOn = false;
    }
  };
  const looking = lookTogether({ name: 'memory', watch }, assetHandle('a'));
  await jest.advanceTimersByTimeAsync(50);
  expect(await looking).toMatchObject({ state: 'working' });
  expect(goesOn).toBe(false);
});
