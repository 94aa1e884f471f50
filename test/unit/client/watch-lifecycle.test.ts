import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { RunNews } from '../../../src/client/watch/run-news';
import { watchRun, type WatchedRun } from '../../../src/client/watch/watch-lifecycle';
import type { LifecycleStatus, Phase } from '../../../src/contracts/lifecycle-status';

const status = (phase: Phase, more: Partial<LifecycleStatus> = {}): LifecycleStatus => ({
  key: 'k',
  provider: 'twelvelabs',
  phase,
  timings: { startedAt: '2026-01-01T00:00:00Z' },
  ...more,
});
const news = (phase: Phase, more: Partial<RunNews> = {}): RunNews => ({
  phase,
  uploading: false,
  closed: false,
  ...more,
});

/** A run that tells `told` one after the other, and then that it has closed. */
function watched(told: readonly RunNews[], changes: Partial<WatchedRun> = {}) {
  const asked: string[] = [];
  let last: Phase = 'pending';
  const run: WatchedRun = {
    async *follow() {
      for (const one of told) {
        await new Promise(setImmediate); // the server never answers at once
        last = one.phase ?? last;
        yield one;
      }
      yield news('completed', { closed: true });
    },
    ask: async () => {
      asked.push(last);
      return status(last);
    },
    describe: async () => ({}) as WorkflowExecutionDescription,
    withUpload: (before) => before,
    end: async () => status('completed', { outcome: 'completed' }),
    ...changes,
  };
  return { run, asked };
}

async function phasesOf(run: WatchedRun): Promise<{ phases: string[]; ended: boolean }> {
  const phases: string[] = [];
  const changes = watchRun(run, new AbortController().signal);
  for (;;) {
    const change = await changes.next();
    if (change.done) return { phases, ended: change.value };
    phases.push(change.value.phase);
  }
}

test('a run is asked once a phase, whatever else its history tells', async () => {
  const { run, asked } = watched([
    news('creating'),
    news('processing'),
    news('processing', { uploading: false }),
    news('branching'),
  ]);
  expect(await phasesOf(run)).toEqual({ phases: ['creating', 'processing', 'branching', 'completed'], ended: true });
  expect(asked).toEqual(['creating', 'processing', 'branching']);
});

test('a closed run is not asked at all', async () => {
  const { run, asked } = watched([]);
  expect(await phasesOf(run)).toEqual({ phases: ['completed'], ended: true });
  expect(asked).toEqual([]);
});

test('a watch says when another run goes on with the work', async () => {
  const { run } = watched([news('creating')], { end: async () => undefined });
  expect(await phasesOf(run)).toEqual({ phases: ['creating'], ended: false });
});

test('an upload is looked at by describing the run, and not by asking it', async () => {
  let sentBytes = 0;
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const { run, asked } = watched([], {
    async *follow() {
      yield news('creating', { uploading: true });
      await finished;
      yield news('completed', { closed: true });
    },
    withUpload: (before) => {
      sentBytes += 50;
      if (sentBytes === 100) finish();
      return { ...before, upload: { sentBytes, totalBytes: 100, percent: sentBytes } };
    },
  });
  const seen: (number | undefined)[] = [];
  for await (const { upload } of watchRun(run, new AbortController().signal)) seen.push(upload?.sentBytes);
  expect(seen).toEqual([undefined, 50, 100, undefined]);
  expect(asked).toHaveLength(1);
}, 20_000);

test('a watch that is given up ends with the signal’s reason, also between two events', async () => {
  const stop = new AbortController();
  const { run } = watched([], {
    async *follow(signal) {
      yield news('creating');
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
  });
  const changes = watchRun(run, stop.signal);
  await changes.next();
  const next = changes.next();
  stop.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
});
