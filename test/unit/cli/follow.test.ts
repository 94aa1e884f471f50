import { changeLines, LiveLine } from '../../../src/cli/follow';
import { durationWords } from '../../../src/cli/output';
import type { LifecycleStatus, LifecycleTimings, Phase } from '../../../src/contracts/lifecycle-status';

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

function status(phase: Phase, timings: Partial<LifecycleTimings> = {}, more: Partial<LifecycleStatus> = {}) {
  return { key: 'k', provider: 'p', phase, timings: { startedAt: at(0), ...timings }, ...more } as LifecycleStatus;
}

test.each([
  [0, '0.0 s'],
  [449, '0.4 s'],
  [9_999, '9.9 s'],
  [10_000, '10 s'],
  [59_999, '59 s'],
  [185_000, '3 min 5 s'],
  [7_384_000, '2 h 3 min'],
  [349_200_000, '4 d 1 h'],
])('%i ms are said as %s', (ms, words) => expect(durationWords(ms)).toBe(words));

describe('in a pipe', () => {
  let seconds = 0;
  const lines: string[] = [];
  const show = (): ((one: LifecycleStatus) => void) =>
    changeLines(
      (line) => lines.push(line),
      () => START + seconds * 1000,
    );
  beforeEach(() => {
    seconds = 0;
    lines.length = 0;
  });

  test('a change says how long the phase took that ended, by the times of the run', () => {
    const hear = show();
    seconds = 100; // they are heard late
    hear(status('creating'));
    hear(status('processing', { createdAt: at(3) }));
    hear(status('branching', { createdAt: at(3), readyAt: at(65) }));
    hear(status('completed', { branchReadyAt: at(77.5), closedAt: at(78) }, { outcome: 'completed' }));
    expect(lines).toEqual([
      'k: creating',
      'k: processing (creating took 3.0 s)',
      'k: branching (processing took 1 min 2 s)',
      'k: completed (branching took 12 s)',
    ]);
  });

  test('a stop ends the phase when it was asked for; a cleanup after a failure counts from when it was seen', () => {
    const stopped = show();
    stopped(status('processing', { createdAt: at(1) }));
    stopped(status('cleaning', { createdAt: at(1), stopRequestedAt: at(6) }));
    stopped(status('cancelled', { stopRequestedAt: at(6), closedAt: at(8) }, { outcome: 'cancelled' }));
    const failed = show();
    failed(status('branching', { readyAt: at(2) }));
    seconds = 20;
    failed(status('cleaning', { readyAt: at(2) }));
    seconds = 24;
    failed(status('failed', { readyAt: at(2) }, { outcome: 'failed' }));
    expect(lines.filter((line) => line.includes('took'))).toEqual([
      'k: cleaning (processing took 5.0 s)',
      'k: cancelled (cleaning took 2.0 s)',
      'k: cleaning (branching took 18 s)',
      'k: failed (cleaning took 4.0 s)',
    ]);
  });

  test('a server whose clock is ahead never makes a phase shorter than nothing', () => {
    const hear = show();
    hear(status('cleaning', { stopRequestedAt: at(50) }));
    hear(status('cancelled', { stopRequestedAt: at(50) }, { outcome: 'cancelled' }));
    expect(lines.at(-1)).toBe('k: cancelled (cleaning took 0.0 s)');
  });

  test('an upload has a line every ten percent, and its phase still counts from its start', () => {
    const hear = show();
    const upload = (percent: number) => ({ upload: { percent, sentBytes: percent, totalBytes: 100 } });
    for (let percent = 0; percent <= 25; percent++) hear(status('creating', {}, upload(percent)));
    expect(lines).toHaveLength(3);
    hear(status('processing', { createdAt: at(40) }));
    expect(lines.at(-1)).toBe('k: processing (creating took 40 s)');
  });
});

describe('on a terminal', () => {
  afterEach(() => jest.useRealTimers());

  test('the line ticks every second while nothing changes, and rests after the end', () => {
    jest.useFakeTimers({ now: START + 2000 });
    const drawn: string[] = [];
    const line = new LiveLine((text) => drawn.push(text));
    line.show(status('creating'));
    jest.advanceTimersByTime(2000);
    line.show(status('processing', { createdAt: at(3) }));
    jest.advanceTimersByTime(1000);
    line.show(status('completed', { closedAt: at(5) }, { outcome: 'completed' }));
    line.stop();
    jest.advanceTimersByTime(10_000);
    expect(drawn).toEqual([
      'k: creating for 2.0 s',
      'k: creating for 3.0 s',
      'k: creating for 4.0 s',
      'k: processing for 1.0 s',
      'k: processing for 2.0 s',
      'k: completed',
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
