import { departureNotesInMemory, type DepartureNotes } from '../../../../src/storage/results/departure-notes';
import { failure } from '../../../../src/contracts/failures';
import { image, pendingIn, png, startAccount, wordOf, type Account } from '../account';

let notes: DepartureNotes;
let one: Account;
let other: Account;
beforeEach(async () => {
  notes = departureNotesInMemory();
  one = await startAccount();
  other = await startAccount({ at: one.api });
  for (const { account } of [one, other]) account.keepDeparturesIn?.({ ...notes, read: (id) => notes.read(id) });
});
afterEach(async () => {
  await other.close();
  await one.close();
});

/** Two files in one session, of which nothing has come yet. */
async function submitted() {
  const [a, b] = (await one.submit([image('a.png'), image('b.png')])).map(pendingIn);
  const [session] = one.api.sessions.values();
  if (!a || !b || !session) throw new Error('no session');
  session.done.clear();
  one.api.assets.clear();
  return { a, b, session };
}

describe('two workers', () => {
  test('each give up a file of a session: the second ends it', async () => {
    const { a, b, session } = await submitted();
    expect(await one.provider.intake.abandon?.(a)).toBe('open');
    expect(await other.provider.intake.abandon?.(b)).toBe('ended');
    expect(session.cancelled).toBe(true);
    expect(await notes.read(session.id)).toEqual(new Map());
  });

  test('one gives up a file, and the other sees the last of the rest come', async () => {
    const { a, b, session } = await submitted();
    expect(await one.provider.intake.abandon?.(a)).toBe('open');
    expect(await other.watch(b)).toMatchObject([{ state: 'working' }]);
    expect(session.cancelled).toBe(false);
    const [file] = session.files.filter(({ filename }) => filename === 'b.png');
    one.api.addAsset('b.png', png('b.png'), { file });
    session.done.add('b.png');
    expect(await other.watch(b)).toMatchObject([{ state: 'ready' }]);
    expect(session.cancelled).toBe(true);
  });

  test('one gives up a file that the other then goes on with: the session is left open for it', async () => {
    one.api.faults.push({ route: 'POST /assetIngestionSessions', drop: 'after' });
    expect((await one.submit([image('a.png'), image('b.png')])).map(wordOf)).toEqual([
      'OutcomeUnknown',
      'OutcomeUnknown',
    ]);
    const [session] = one.api.sessions.values();
    if (!session) throw new Error('no session');
    const [a] = (await one.provider.intake.openFor?.(image('a.png').tag)) ?? [];
    const [b] = (await one.provider.intake.openFor?.(image('b.png').tag)) ?? [];
    if (!a || !b) throw new Error('they are not in the session');
    expect(await one.provider.intake.abandon?.(a)).toBe('open');
    const [again] = await other.submit([image('a.png')]);
    expect(pendingIn(again)).toMatchObject({ id: session.id });
    session.done.clear();
    expect(await one.provider.intake.abandon?.(b)).toBe('open');
    expect(session.cancelled).toBe(false);
  });
});

test('the last look at a session ends it, though the request fails at first', async () => {
  const { a, b, session } = await submitted();
  await one.provider.intake.abandon?.(a);
  const [file] = session.files.filter(({ filename }) => filename === 'b.png');
  one.api.addAsset('b.png', png('b.png'), { file });
  session.done.add('b.png');
  one.api.faults.push({ route: 'POST /assetIngestionSessions/{id}:cancel', status: 503 });
  expect(await other.watch(b)).toMatchObject([{ state: 'ready' }]);
  expect(session.cancelled).toBe(true);
});

test('a file that has come and was deleted since is not taken for one that was given up', async () => {
  const names = ['a.png', 'b.png', 'c.png'];
  const [a, b, c] = (await one.submit(names.map((name) => image(name)))).map(pendingIn);
  const [session] = one.api.sessions.values();
  if (!a || !b || !c || !session) throw new Error('no session');
  session.done = new Set(['a.png', 'b.png']);
  expect(await one.watch(a, b)).toMatchObject([{ state: 'ready' }, { state: 'ready' }]);
  const deleted = [...one.api.assets.values()].find(({ filename }) => filename === 'b.png');
  if (deleted) one.api.assets.delete(deleted.id);
  expect(await one.provider.intake.abandon?.(c)).toBe('ended');
  expect(session.cancelled).toBe(true);
});

test('a file that was given up, came and was deleted takes no session from one that is awaited', async () => {
  const { a, b, session } = await submitted();
  expect(await one.provider.intake.abandon?.(a)).toBe('open');
  const [file] = session.files.filter(({ filename }) => filename === 'a.png');
  const made = one.api.addAsset('a.png', png('a.png'), { file });
  session.done.add('a.png');
  expect(await one.watch(a)).toMatchObject([{ state: 'ready' }]);
  one.api.assets.delete(made.id);
  expect(await one.watch(b)).toMatchObject([{ state: 'working' }]);
  expect(session.cancelled).toBe(false);
});

test('a file that somebody goes on with while its session is asked for keeps the session', async () => {
  const { a, b, session } = await submitted();
  expect(await one.provider.intake.abandon?.(a)).toBe('open');
  let struck: Promise<unknown> | undefined;
  one.api.arrived = (route) => {
    if (!route.startsWith('GET /assetIngestionSessions/')) return;
    struck ??= notes.change(session.id, (gone) => new Map([...gone].filter(([name]) => name !== 'a.png')));
  };
  expect(await other.provider.intake.abandon?.(b)).toBe('open');
  await struck;
  expect(session.cancelled).toBe(false);
});

test('a file that is being noted for one look is known to the next', async () => {
  const { a, b, session } = await submitted();
  await one.provider.intake.abandon?.(b);
  const plain = { ...notes };
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  jest.spyOn(notes, 'change').mockImplementation(async (...args) => held.then(() => plain.change(...args)));
  one.account.keepDeparturesIn?.(notes);
  const gaveUp = one.provider.intake.abandon?.(a); // gathers others for a moment before it looks
  const watched = one.watch(a); // takes the note meanwhile
  setTimeout(letGo, 200);
  expect(await gaveUp).toBe('ended');
  await watched;
  expect(session.cancelled).toBe(true);
});

test('what could not be noted fails, and is forgotten: others may go on with the file meanwhile', async () => {
  const { a, b, session } = await submitted();
  jest.spyOn(notes, 'change').mockRejectedValueOnce(failure('ProviderUnavailable', 'the store is down'));
  one.account.keepDeparturesIn?.(notes);
  await expect(one.provider.intake.abandon?.(a)).rejects.toThrow('the store is down');
  expect(await one.provider.intake.abandon?.(b)).toBe('open');
  expect(session.cancelled).toBe(false);
  expect(await one.provider.intake.abandon?.(a)).toBe('ended'); // as the next attempt does
});

test('a session is not ended under a file that is waited for here, though it does not tell its files', async () => {
  const names = ['a.png', 'b.png', 'c.png'];
  const [a, b, c] = (await one.submit(names.map((name) => image(name)))).map(pendingIn);
  const [session] = one.api.sessions.values();
  if (!a || !b || !c || !session) throw new Error('no session');
  one.api.tellsFiles = false;
  session.done = new Set();
  expect(await one.provider.intake.abandon?.(a)).toBe('open');
  session.done = new Set(['a.png', 'c.png']); // it had all of its bytes
  one.api.assets.delete([...one.api.assets.values()].find(({ filename }) => filename === 'b.png')?.id ?? '');
  expect(await other.watch(b, c)).toMatchObject([{ state: 'working' }, { state: 'ready' }]);
  expect(session.cancelled).toBe(false);
});

test('trouble with a session that others have left fails nobody’s submission', async () => {
  const { a, b } = await submitted();
  expect(await one.provider.intake.abandon?.(a)).toBe('open');
  await notes.change(b.id, (gone) => new Map([...gone, ['b.png', false]]));
  one.api.faults.push({ route: 'POST /assetIngestionSessions/{id}:cancel', status: 400 });
  const outcomes = await other.submit([image('c.png')]);
  expect(outcomes.map(wordOf)).toEqual(['pending']);
});
