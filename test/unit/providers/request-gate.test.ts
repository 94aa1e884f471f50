import type { ApplicationFailure } from '@temporalio/common';
import { failureType } from '../../../src/contracts/failures';
import { RequestGate } from '../../../src/providers/shared/request-gate/request-gate';

const MINUTE_MS = 60_000;
/** What a worker has at once, and how long an answer takes. */
const SLOTS = 50;
const ANSWER_MS = 40;

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A provider with fixed windows, that may be down. */
class Provider {
  requestsAt: number[] = [];
  refused = 0;
  down = false;
  tells = true;
  private used = 0;
  private startedAt = 0;

  constructor(readonly limit: number) {}

  /** Most requests that came in any minute after `since`. */
  busiestMinute(since = 0): number {
    const after = this.requestsAt.filter((at) => at >= since);
    return Math.max(0, ...after.map((from) => after.filter((at) => at >= from && at < from + MINUTE_MS).length));
  }

  async answer(): Promise<'ok' | 'limited' | 'down'> {
    this.requestsAt.push(Date.now());
    await sleep(ANSWER_MS);
    if (this.down) return 'down';
    if (Date.now() >= this.startedAt + MINUTE_MS) [this.used, this.startedAt] = [0, Date.now()];
    if (this.used >= this.limit) {
      this.refused += 1;
      return 'limited';
    }
    this.used += 1;
    return 'ok';
  }

  get told() {
    const resetInMs = this.startedAt + MINUTE_MS - Date.now();
    return this.tells ? { limit: this.limit, remaining: this.limit - this.used, resetInMs } : undefined;
  }
}

/** A run that wants one request through, and comes back when it is told to, as Temporal's retries do. */
async function run(gate: RequestGate, provider: Provider, slots: { free: number }): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    while (slots.free === 0) await sleep(20);
    slots.free -= 1;
    let wait = Math.min(1000 * 2 ** attempt, MINUTE_MS);
    try {
      const pass = await gate.admit('upload', 'POST /assets');
      const answer = await provider.answer();
      if (answer === 'ok') return pass.answered(provider.told);
      if (answer === 'down') pass.failed('no usable answer');
      else {
        wait = 15_000;
        pass.limited(provider.told, wait);
      }
    } catch (error) {
      wait = Number((error as ApplicationFailure).nextRetryDelay);
    } finally {
      slots.free += 1;
    }
    await sleep(wait);
  }
}

const runs = (gate: RequestGate, provider: Provider, count: number): Promise<unknown> => {
  const slots = { free: SLOTS };
  return Promise.all(Array.from({ length: count }, () => run(gate, provider, slots)));
};

async function settled(work: Promise<unknown>, withinMs: number): Promise<boolean> {
  let done = false;
  void work.then(() => (done = true));
  for (let passed = 0; passed < withinMs && !done; passed += 1000) await jest.advanceTimersByTimeAsync(1000);
  return done;
}

test.each([60, 25])('200 runs keep a limit of %d a minute that nobody told them before', async (limit) => {
  const provider = new Provider(limit);
  const minutes = Math.ceil(200 / limit) + 1;
  expect(await settled(runs(new RequestGate(), provider, 200), minutes * MINUTE_MS)).toBe(true);
  expect(provider.refused).toBe(0);
});

test('a limit that no answer tells is run into once a window, not by all', async () => {
  const provider = new Provider(60);
  provider.tells = false;
  expect(await settled(runs(new RequestGate(), provider, 200), 20 * MINUTE_MS)).toBe(true);
  expect(provider.refused).toBeLessThan(200);
});

test('an outage of ten minutes is probed by one; then 200 waiting runs go on within the limit', async () => {
  const provider = new Provider(60);
  const gate = new RequestGate();
  provider.down = true;
  const all = runs(gate, provider, 200);
  await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
  const [first = 0] = provider.requestsAt;
  expect(provider.busiestMinute()).toBeLessThanOrEqual(SLOTS + 10);
  expect(provider.busiestMinute(first + MINUTE_MS)).toBeLessThanOrEqual(4);
  provider.down = false;
  expect(await settled(all, 6 * MINUTE_MS)).toBe(true);
  expect(provider.refused).toBe(0);
});

test('whoever waits for a turn leaves at once when it is cancelled', async () => {
  const gate = new RequestGate();
  const first = await gate.admit('upload', 'POST /assets');
  first.answered({ limit: 1, remaining: 0, resetInMs: 3000 });
  const { signal, abort } = abortable();
  const waiting = gate.admit('upload', 'POST /assets', signal);
  abort();
  await expect(waiting).rejects.toThrow('cancelled');
});

test('a wait of seconds is held, a longer one is sent back with the time of its turn', async () => {
  const gate = new RequestGate();
  (await gate.admit('upload', 'POST /assets')).answered({ limit: 60, remaining: 0, resetInMs: 3000 });
  const held = gate.admit('upload', 'POST /assets');
  await jest.advanceTimersByTimeAsync(3000);
  (await held).answered({ limit: 60, remaining: 0, resetInMs: 60_000 });
  const turns: number[] = [];
  for (let n = 0; n < 3; n++) {
    const error: unknown = await gate.admit('upload', 'POST /assets').catch((thrown: unknown) => thrown);
    expect(failureType(error)).toBe('RateLimited');
    turns.push(Number((error as ApplicationFailure).nextRetryDelay));
  }
  expect(turns).toEqual([60_000, 61_000, 62_000]);
});

test('two refusals in a row that tell no limit are waited for as long as each says', async () => {
  const gate = new RequestGate();
  for (let n = 0; n < 2; n++) {
    const entering = gate.admit('upload', 'POST /assets');
    await jest.advanceTimersByTimeAsync(1000);
    (await entering).limited(undefined, 1000);
  }
  const third = gate.admit('upload', 'POST /assets');
  await jest.advanceTimersByTimeAsync(1000);
  await expect(third).resolves.toBeDefined();
});

test('another kind of request has a limit of its own', async () => {
  const gate = new RequestGate();
  (await gate.admit('upload', 'POST /assets')).answered({ limit: 1, remaining: 0, resetInMs: 30_000 });
  await expect(gate.admit('other', 'GET /assets')).resolves.toBeDefined();
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('cancelled')) };
}
