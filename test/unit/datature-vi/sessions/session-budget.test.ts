import { SessionBudget } from '../../../../src/providers/datature-vi/intake/session-budget';
import { createDatatureViProvider } from '../../../../src/providers/datature-vi/datature-vi-provider';
import type { Intake } from '../../../../src/providers/intake';
import { succeeded } from '../../../../src/providers/outcome';
import { gatheringIntake } from '../../../../src/providers/shared/gather-submissions';
import { image, SECRET_KEY } from '../account';

const FIVE_MINUTES_MS = 300_000;
const LIMIT = { sessions: 5, windowMs: FIVE_MINUTES_MS };

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** An intake with the adapter's turns and rules of sharing, of which each call is a session. */
function counted() {
  const budget = new SessionBudget(LIMIT);
  const account = createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: 'org', endpoint: 'http://127.0.0.1:1', requestTimeoutMs: 1000 },
    sessionsPer5Minutes: 5,
  });
  const own = account.within?.('demo').intake;
  if (!own) throw new Error('no intake');
  const opened: { at: number; files: number }[] = [];
  const submit: Intake['submit'] = async (items) => {
    opened.push({ at: Date.now(), files: items.length });
    return items.map(() => succeeded({ pending: { kind: 'ingestion', id: 's', words: 's' } }));
  };
  const intake: Intake = { ...own, submit, takeTurn: () => budget.takeTurn() };
  return { opened, intake: gatheringIntake({ intake, traits: account.traits }) };
}

/** Most sessions in any five minutes. */
const mostInAWindow = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at - from < FIVE_MINUTES_MS).length));

test.each([
  ['at once', () => 0],
  ['one every second', (at: number) => at * 1000],
  ['in bursts', (at: number) => Math.floor(at / 50) * 47_000],
  ['after a lone one', (at: number) => (at === 0 ? 0 : 5000)],
])(
  '500 starts %s open at most 5 sessions in any 5 minutes, and none waits longer than 65 s',
  async (_name, startsAt) => {
    const { opened, intake } = counted();
    const waits: number[] = [];
    const begun = Date.now();
    const starts = Array.from({ length: 500 }, async (_, at) => {
      await new Promise((resolve) => setTimeout(resolve, startsAt(at)));
      const since = Date.now();
      await intake.submit([image(`${at}.png`)]);
      waits.push(Date.now() - since);
    });
    await jest.advanceTimersByTimeAsync(1_200_000);
    await Promise.all(starts);
    expect(opened.reduce((sum, { files }) => sum + files, 0)).toBe(500);
    expect(mostInAWindow(opened.map(({ at }) => at))).toBeLessThanOrEqual(5);
    expect(Math.max(...waits)).toBeLessThanOrEqual(65_000);
    expect((opened[0]?.at ?? 0) - begun).toBeLessThanOrEqual(1000);
  },
);

test('a lone start waits at most a second for company, also after others', async () => {
  const { opened, intake } = counted();
  for (let at = 0; at < 3; at++) {
    const since = Date.now();
    const start = intake.submit([image(`${at}.png`)]);
    await jest.advanceTimersByTimeAsync(1000);
    await start;
    expect((opened.at(-1)?.at ?? Infinity) - since).toBeLessThanOrEqual(1000);
    await jest.advanceTimersByTimeAsync(61_000);
  }
});

test('a turn that is given back is free at once, and a limit that is told is kept', () => {
  const budget = new SessionBudget(LIMIT);
  const turn = budget.takeTurn();
  expect(budget.takeTurn()).toEqual({ waitMs: 61_000 });
  if (!('waitMs' in turn)) turn.giveBack();
  expect(budget.takeTurn()).toHaveProperty('giveBack');
  budget.limited(120_000);
  expect(budget.takeTurn()).toEqual({ waitMs: 120_000 });
});

test('every intake of an account shares the turns', () => {
  const account = createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: 'org', endpoint: 'http://127.0.0.1:1', requestTimeoutMs: 1000 },
    sessionsPer5Minutes: 5,
  });
  expect(account.within?.('a').intake.takeTurn?.()).toHaveProperty('giveBack');
  expect(account.within?.('b').intake.takeTurn?.()).toHaveProperty('waitMs');
});
