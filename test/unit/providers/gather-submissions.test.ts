import fc from 'fast-check';
import { failure } from '../../../src/contracts/failures';
import type { Intake, Submission, Turn } from '../../../src/providers/intake';
import { failed, only, SubmissionAborted, succeeded } from '../../../src/providers/outcome';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { gatheringIntake, withGatheredIntake } from '../../../src/providers/shared/gather-submissions';
import { MemoryProvider } from '../../support/memory-provider';

const tag = { key: 'k', workflowId: 'w', runId: 'r', owner: 'o', onCancel: 'delete', onFailure: 'keep' } as const;
const item = (filename: string): Submission => ({
  filename,
  metadata: {},
  fields: {},
  tag,
  content: { route: 'url', url: 'https://media.example/a' },
});

/** An intake that answers when it is told to, and remembers what each call held. */
function intake({ answered = true, together }: { answered?: boolean; together?: Intake['together'] } = {}) {
  const provider = new MemoryProvider();
  const calls: { names: string[]; signal?: AbortSignal; progress: (item: number, bytes: number) => void }[] = [];
  let answer = (): void => {};
  const answering = answered ? Promise.resolve() : new Promise<void>((resolve) => (answer = resolve));
  const submit = jest.fn<ReturnType<Intake['submit']>, Parameters<Intake['submit']>>(async (items, options = {}) => {
    const names = items.map(({ filename }) => filename);
    calls.push({ names, signal: options.signal, progress: (at, bytes) => options.onProgress?.(at, bytes) });
    await answering;
    return names.map((id) =>
      id.startsWith('bad')
        ? failed(failure('ProviderRejected', id))
        : succeeded({ asset: { id, status: 'processing', metadata: {} } }),
    );
  });
  const traits = { ...provider.traits, gatherMs: 100, itemsPerSubmission: 3 };
  const own: Intake = { ...provider.intake, submit, together };
  return { calls, submit, answer: () => answer(), own, traits, gathering: gatheringIntake({ intake: own, traits }) };
}

const send = async (gathering: Intake, name: string, signal?: AbortSignal): Promise<string> => {
  try {
    const submitted = only(await gathering.submit([item(name)], { signal }));
    return 'asset' in submitted ? submitted.asset.id : 'upload';
  } catch (error) {
    return error instanceof SubmissionAborted ? 'aborted' : (error as Error).message;
  }
};

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

test('callers within the window share one call, and each gets the outcome of its own item', async () => {
  const { calls, gathering } = intake();
  const both = [send(gathering, 'a'), send(gathering, 'bad')];
  await pass(99);
  expect(calls).toEqual([]);
  await pass(1);
  expect(await Promise.all(both)).toEqual(['a', 'bad']);
  expect(calls.map(({ names }) => names)).toEqual([['a', 'bad']]);
});

test('a full submission does not wait for the window, and the next one begins its own', async () => {
  const { calls, gathering } = intake();
  const all = ['a', 'b', 'c', 'd'].map((name) => send(gathering, name));
  await pass(0);
  expect(calls.map(({ names }) => names)).toEqual([['a', 'b', 'c']]);
  await pass(100);
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  expect(calls.map(({ names }) => names)).toEqual([['a', 'b', 'c'], ['d']]);
});

test('without a window nothing stands between the caller and the provider', () => {
  const { own, traits } = intake();
  expect(gatheringIntake({ intake: own, traits: { ...traits, gatherMs: 0 } })).toBe(own);
});

test('items that may not go together go out in calls of their own', async () => {
  const { calls, gathering } = intake({ together: ({ filename }) => filename.slice(0, 1) });
  const all = ['a1', 'b1', 'a2'].map((name) => send(gathering, name));
  await pass(100);
  expect(await Promise.all(all)).toEqual(['a1', 'b1', 'a2']);
  expect(calls.map(({ names }) => names)).toEqual([['a1', 'a2'], ['b1']]);
});

test('a caller that leaves before the call goes out is not in it, and the last one to leave takes it along', async () => {
  const { calls, gathering } = intake();
  const leaver = new AbortController();
  const both = [send(gathering, 'a', leaver.signal), send(gathering, 'b')];
  leaver.abort();
  expect(await both[0]).toBe('aborted');
  await pass(100);
  expect(await both[1]).toBe('b');
  expect(calls.map(({ names }) => names)).toEqual([['b']]);

  const alone = new AbortController();
  const gone = send(gathering, 'c', alone.signal);
  alone.abort();
  expect(await gone).toBe('aborted');
  expect(jest.getTimerCount()).toBe(0);
  expect(await send(gathering, 'd', alone.signal)).toBe('aborted');
});

test('a caller that leaves later gets its outcome, and the call is aborted once all have left', async () => {
  const { calls, gathering, answer } = intake({ answered: false });
  const [first, second] = [new AbortController(), new AbortController()];
  const both = [send(gathering, 'a', first.signal), send(gathering, 'b', second.signal)];
  await pass(100);
  first.abort();
  expect(calls[0]?.signal?.aborted).toBe(false);
  second.abort();
  expect(calls[0]?.signal?.aborted).toBe(true);
  answer();
  expect(await Promise.all(both)).toEqual(['a', 'b']);
});

test('one who cannot leave keeps the call from being aborted', async () => {
  const { calls, gathering, answer } = intake({ answered: false });
  const first = new AbortController();
  const both = [send(gathering, 'a', first.signal), send(gathering, 'b')];
  await pass(100);
  first.abort();
  expect(calls[0]?.signal?.aborted).toBe(false);
  answer();
  expect(await Promise.all(both)).toEqual(['a', 'b']);
});

test('progress reaches the caller whose item it is, by the place in its own list', async () => {
  const { calls, gathering } = intake();
  const heard: [string, number, number][] = [];
  const hear = (who: string) => (at: number, bytes: number) => void heard.push([who, at, bytes]);
  const one = gathering.submit([item('a')], { onProgress: hear('one') });
  const two = gathering.submit([item('b'), item('c')], { onProgress: hear('two') });
  await pass(0);
  calls[0]?.progress(0, 10);
  calls[0]?.progress(2, 30);
  await Promise.all([one, two]);
  expect(heard).toEqual([
    ['one', 0, 10],
    ['two', 1, 30],
  ]);
});

test('items are gathered until it is their turn, and a turn goes with its call', async () => {
  const { submit, traits, own } = intake();
  const turn: Turn = { giveBack: () => {} };
  let waitMs = 900;
  const takeTurn = jest.fn<Turn | { waitMs: number }, []>(() => (waitMs > 0 ? { waitMs } : turn));
  const gathering = gatheringIntake({ intake: { ...own, takeTurn }, traits });
  const first = send(gathering, 'a');
  await pass(100);
  expect(submit).not.toHaveBeenCalled();
  const second = send(gathering, 'b');
  await pass(899);
  expect(submit).not.toHaveBeenCalled();
  waitMs = 0;
  await pass(1);
  expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  expect(submit).toHaveBeenCalledTimes(1);
  expect(submit.mock.calls[0]?.[1]?.turn).toBe(turn);
});

test('items of a group wait for the others of it, but for no longer than a minute', async () => {
  const { calls, gathering } = intake();
  let toCome = 1;
  const ofGroup = async (name: string) => only(await gathering.submit([item(name)], { moreToCome: () => toCome }));
  const first = ofGroup('a');
  await pass(1000);
  expect(calls).toEqual([]);
  toCome = 0;
  const both = [first, ofGroup('b')];
  await pass(100);
  await Promise.all(both);
  expect(calls.map(({ names }) => names)).toEqual([['a', 'b']]);

  toCome = 1;
  const alone = ofGroup('c');
  await pass(60_100);
  await alone;
  expect(calls.map(({ names }) => names)).toEqual([['a', 'b'], ['c']]);
});

test('a turn goes to those that have waited longest, all together', async () => {
  const { submit, traits, own } = intake({ together: ({ filename }) => filename.slice(0, 1) });
  let open = 0;
  const takeTurn = (): Turn | { waitMs: number } => (open-- > 0 ? { giveBack: () => {} } : { waitMs: 100 });
  const gathering = gatheringIntake({ intake: { ...own, takeTurn }, traits: { ...traits, itemsPerSubmission: 10 } });
  const sent = () => submit.mock.calls.map(([items]) => items.map(({ filename }) => filename).join());
  const letOneGo = async (): Promise<void> => {
    open = 1;
    await pass(100);
    open = 0;
  };
  const all = [send(gathering, 'x')];
  await pass(1000);
  all.push(...['a1', 'a2', 'a3'].map((name) => send(gathering, name)));
  await pass(1000);
  await letOneGo();
  expect(sent()).toEqual(['a1,a2,a3']); // 3 s together, and x 2 s
  all.push(...['b1', 'b2', 'b3'].map((name) => send(gathering, name)));
  await pass(500);
  await letOneGo();
  expect(sent()).toEqual(['a1,a2,a3', 'x']);
  await letOneGo();
  expect(sent()).toEqual(['a1,a2,a3', 'x', 'b1,b2,b3']);
  await Promise.all(all);
  expect(jest.getTimerCount()).toBe(0);
});

test('a full submission that waits for its turn takes no more items, and its callers may still leave', async () => {
  const { submit, traits, own } = intake();
  let open = false;
  const takeTurn = (): Turn | { waitMs: number } => (open ? { giveBack: () => {} } : { waitMs: 500 });
  const gathering = gatheringIntake({ intake: { ...own, takeTurn }, traits });
  const leaver = new AbortController();
  const all = ['a', 'b', 'c', 'd'].map((name) => send(gathering, name, name === 'b' ? leaver.signal : undefined));
  await pass(200);
  leaver.abort();
  expect(await all[1]).toBe('aborted');
  open = true;
  await pass(500);
  expect(await Promise.all(all)).toEqual(['a', 'aborted', 'c', 'd']);
  expect(submit.mock.calls.map(([items]) => items.map(({ filename }) => filename)).toSorted()).toEqual([
    ['a', 'c'],
    ['d'],
  ]);
});

test('the call knows the signal of each item, and opens each for its own caller', async () => {
  const { submit, gathering } = intake();
  const leaver = new AbortController();
  const opened: string[] = [];
  const onOpened = (who: string) => async (at: number) => void opened.push(`${who}${at}`);
  const both = [
    gathering.submit([item('a')], { signal: leaver.signal, onOpened: onOpened('one') }),
    gathering.submit([item('b'), item('c')], { onOpened: onOpened('two') }),
  ];
  await pass(0);
  const { signals, onOpened: tell } = submit.mock.calls[0]?.[1] ?? {};
  leaver.abort();
  expect(signals?.map((signal) => signal?.aborted)).toEqual([true, undefined, undefined]);
  for (const at of [0, 1, 2]) await tell?.(at, { kind: 'session', id: 's', words: 's' });
  expect(opened).toEqual(['one0', 'two0', 'two1']);
  await Promise.all(both);
});

test('within a place submissions are gathered as well, place by place', async () => {
  const { own, traits, submit } = intake();
  const memory = new MemoryProvider();
  const { name, assets, branches } = memory;
  const provider: MediaProvider = {
    ...{ name, assets, branches, intake: own, traits },
    watch: (handles, options) => memory.watch(handles, options),
    close: async () => {},
  };
  const placed = withGatheredIntake({ ...provider, within: () => provider });
  expect(placed.within?.('a')).toBe(placed.within?.('a'));
  expect(placed.within?.('b').within?.('a')).toBe(placed.within?.('a'));
  const submitIn = async (place: string, at: number) => placed.within?.(place).intake.submit([item(`${place}${at}`)]);
  const all = ['a', 'a', 'b'].map(submitIn);
  await pass(100);
  await Promise.all(all);
  expect(submit.mock.calls.map(([items]) => items.map(({ filename }) => filename))).toEqual([['a0', 'a1'], ['b2']]);
});

test('an error of the whole call is the outcome of everyone in it, and of nobody after', async () => {
  const { submit, gathering } = intake();
  submit.mockRejectedValueOnce(failure('OutcomeUnknown', 'the line broke'));
  const both = [send(gathering, 'a'), send(gathering, 'b')];
  await pass(100);
  expect(await Promise.all(both)).toEqual(['the line broke', 'the line broke']);
  const later = send(gathering, 'c');
  await pass(100);
  expect(await later).toBe('c');
});

test('every item is submitted exactly once, or its caller left before', async () => {
  const caller = fc.record({ at: fc.nat(400), items: fc.integer({ min: 1, max: 4 }), leaves: fc.option(fc.nat(300)) });
  await fc.assert(
    fc.asyncProperty(fc.array(caller, { maxLength: 12 }), fc.boolean(), async (callers, apart) => {
      const together: Intake['together'] = apart ? ({ filename }) => String(filename.length) : undefined;
      const { calls, traits, gathering } = intake({ together });
      const aborted = new Set<string>();
      const all = callers.map(async ({ at, items, leaves }, who) => {
        await new Promise((resolve) => setTimeout(resolve, at));
        const controller = new AbortController();
        if (leaves !== null) setTimeout(() => controller.abort(), leaves);
        const names = Array.from({ length: items }, (_, index) => `${'x'.repeat(index + 1)}-${who}`);
        const outcomes = await gathering.submit(names.map(item), { signal: controller.signal });
        for (const [index, outcome] of outcomes.entries()) {
          const name = names[index] ?? '';
          if (outcome.ok) expect(outcome.value).toMatchObject({ asset: { id: name } });
          else if (outcome.error instanceof SubmissionAborted) aborted.add(name);
          else throw outcome.error;
        }
        return names;
      });
      await pass(2000);
      const asked = (await Promise.all(all)).flat();
      const sent = calls.flatMap(({ names }) => names);
      expect([...sent, ...aborted].toSorted()).toEqual(asked.toSorted());
      expect(calls.every(({ names }) => names.length > 0 && names.length <= traits.itemsPerSubmission)).toBe(true);
      expect(jest.getTimerCount()).toBe(0);
    }),
    { numRuns: 100 },
  );
});
