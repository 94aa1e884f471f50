import { CancelledFailure } from '@temporalio/common';
import { lookTogether } from '../../../../src/activities/lib/look-together';
import { assetHandle } from '../../../../src/contracts/branches/handle';
import { failure } from '../../../../src/contracts/failures';
import type { MediaProvider } from '../../../../src/providers/media-provider';

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

const look = (provider: Parameters<typeof lookTogether>[0], id: string, signal = new AbortController().signal) =>
  lookTogether(provider, assetHandle(id), signal);

test('who looks at the same moment shares the requests, and who looks later has others', async () => {
  const { rounds, provider } = asked();
  const both = [look(provider, 'a'), look(provider, 'b')];
  const twice = look(provider, 'a');
  await jest.advanceTimersByTimeAsync(50);
  expect((await Promise.all([...both, twice])).map(({ handle }) => handle.id)).toEqual(['a', 'b', 'a']);
  const later = look(provider, 'c');
  await jest.advanceTimersByTimeAsync(50);
  await later;
  expect(rounds).toEqual([['a', 'b'], ['c']]);
});

test('each hears of its own trouble, also of silence', async () => {
  const { provider } = asked({ b: 'refused', c: 'silent' });
  const all = Promise.allSettled(['a', 'b', 'c'].map((id) => look(provider, id)));
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
  const looking = look({ name: 'memory', watch }, 'a');
  await jest.advanceTimersByTimeAsync(50);
  expect(await looking).toMatchObject({ state: 'working' });
  expect(goesOn).toBe(false);
});

test('who leaves hears it at once, and the requests end once all who share them have left', async () => {
  let ended: AbortSignal | undefined;
  const watch: MediaProvider['watch'] = async function* (handles, { signal }) {
    await new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        ended = signal;
        reject(signal.reason as Error);
      });
    });
    for (const handle of handles) yield { handle, state: 'working' };
  };
  const provider = { name: 'memory', watch };
  const [one, other] = [new AbortController(), new AbortController()];
  const looks = [look(provider, 'a', one.signal), look(provider, 'b', other.signal)];
  const all = Promise.allSettled(looks);
  await jest.advanceTimersByTimeAsync(50);
  one.abort();
  await expect(looks[0]).rejects.toBeInstanceOf(CancelledFailure);
  expect(ended).toBeUndefined();
  other.abort();
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(ended?.aborted).toBe(true);
});

test('who has left before the requests go out is not asked for, and who comes then is', async () => {
  const { rounds, provider } = asked();
  const leaving = new AbortController();
  const left = [look(provider, 'a', leaving.signal), look(provider, 'b', AbortSignal.abort())];
  const all = Promise.allSettled(left);
  leaving.abort();
  const later = look(provider, 'c');
  await jest.advanceTimersByTimeAsync(50);
  expect(await later).toMatchObject({ state: 'working' });
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(rounds).toEqual([['c']]);
});
