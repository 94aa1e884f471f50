import { failureType } from '../../../src/contracts/failures';
import { RequestGate } from '../../../src/providers/shared/request-gate/request-gate';
import type { Trouble } from '../../../src/providers/shared/request-gate/outages';

const MAX_TIMER_MS = 2 ** 31 - 1;
let gate: RequestGate;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  gate = new RequestGate();
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const ask = (route: string) => gate.admit(route, route);
async function fail(route: string, times: number, trouble: Trouble = 'no usable answer'): Promise<void> {
  for (let n = 0; n < times; n++) (await ask(route)).failed(trouble);
}
const stateOf = (route: string): Promise<string | undefined> =>
  ask(route).then(
    (pass) => {
      pass.abandoned();
      return 'open';
    },
    (error: unknown) => failureType(error),
  );

test('one endpoint that fails is not asked by all, and the rest of the provider is', async () => {
  await fail('POST /embed-v2/tasks', 5);
  expect(await stateOf('POST /embed-v2/tasks')).toBe('ProviderUnavailable');
  expect(await stateOf('GET /assets')).toBe('open');
  expect(gate.providerDown).toBe(false);
});

test('an endpoint that fails among others that answer never closes the account, however often', async () => {
  for (let n = 0; n < 20; n++) {
    await fail('POST /embed-v2/tasks', 1).catch(() => undefined); // refused here once it is known to be down
    (await ask('GET /assets')).answered(undefined);
  }
  expect(gate.providerDown).toBe(false);
});

test('several endpoints that fail while none answers are an outage of the provider', async () => {
  await fail('POST /embed-v2/tasks', 3);
  await fail('GET /assets', 4);
  await fail('GET /assets/{asset_id}', 1);
  expect(gate.providerDown).toBe(true);
  expect(await stateOf('DELETE /assets/{asset_id}')).toBe('ProviderUnavailable');
});

test('connections that are not made are an outage of the provider, whatever was asked for', async () => {
  await fail('GET /assets', 5, 'no connection');
  expect(await stateOf('DELETE /assets/{asset_id}')).toBe('ProviderUnavailable');
  await jest.advanceTimersByTimeAsync(1000);
  (await ask('DELETE /assets/{asset_id}')).answered(undefined);
  expect(await stateOf('GET /assets')).toBe('open');
});

test('a probe that takes long keeps the others out for ten seconds at most', async () => {
  await fail('POST /assets', 5);
  await jest.advanceTimersByTimeAsync(1000);
  const probe = await ask('POST /assets');
  expect(await stateOf('POST /assets')).toBe('ProviderUnavailable');
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await stateOf('POST /assets')).toBe('open');
  probe.answered(undefined);
});

test('a limit that is told to last for years holds the account for minutes, and overflows no timer', async () => {
  const timers = jest.spyOn(global, 'setTimeout');
  const years = 1e12;
  const [first, second] = [await ask('POST /assets'), await ask('POST /assets')];
  first.limited(undefined, 3000);
  const waiting = stateOf('POST /assets');
  second.limited({ remaining: 0, resetInMs: years }, years);
  await jest.advanceTimersByTimeAsync(5000);
  expect(await waiting).toBe('RateLimited');
  expect(Math.max(...timers.mock.calls.map(([, delay]) => delay ?? 0))).toBeLessThanOrEqual(MAX_TIMER_MS);
  await jest.advanceTimersByTimeAsync(10 * 60_000);
  expect(await stateOf('POST /assets')).toBe('open');
});

test('a success that tells of a window of years closes nothing for longer than minutes', async () => {
  (await ask('POST /assets')).answered({ remaining: 0, resetInMs: 1e12 });
  expect(await stateOf('POST /assets')).toBe('RateLimited');
  await jest.advanceTimersByTimeAsync(10 * 60_000);
  expect(await stateOf('POST /assets')).toBe('open');
});
