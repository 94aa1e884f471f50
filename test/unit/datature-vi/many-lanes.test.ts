import { randomBytes } from 'node:crypto';
import events, { getEventListeners } from 'node:events';
import { PART_ROUTE, UPLOAD_ROUTE } from '../../../emulator/datature-vi/rules/signed-urls';
import { finishSession } from '../../../src/providers/shared/parts/finish-session';
import { PartBuffers } from '../../../src/providers/shared/parts/part-buffers';
import { STREAM_BUFFER_BYTES } from '../../../src/providers/shared/parts/send-parts';
import { createDatatureViProvider } from '../../../src/providers/datature-vi/datature-vi-provider';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { sourceOf } from '../../contract/conformance/harness';
import { uniqueJpeg } from '../../support/media/unique-jpeg';
import { ORGANIZATION, SECRET_KEY, ViApi } from '../../support/servers/vi-emulator';
import { image } from './account';

/** A machine on which more files are sent at once than a signal has listeners before Node warns. */
jest.mock('node:os', () => ({ ...jest.requireActual<object>('node:os'), availableParallelism: () => 16 }));

const FILES = 24;
/** As many as a lifecycle may send at once. */
const PARTS = 16;
const PART_BYTES = 50_000;
const names = Array.from({ length: FILES }, (_, nth) => `${nth}.jpg`);
let api: ViApi;
let account: MediaProvider;
let dataset: MediaProvider;
let listening: jest.SpyInstance;
/** Listeners of signals that had more than Node warns of; Jest hides the warnings themselves. */
const tooMany: number[] = [];
// oxlint-disable-next-line typescript/unbound-method -- called with the signal as `this`
const listen = EventTarget.prototype.addEventListener;
const setMax = jest.spyOn(events, 'setMaxListeners');
const isUnlimited = (signal: EventTarget): boolean =>
  setMax.mock.calls.some(([most, ...targets]) => most === 0 && targets.includes(signal));

beforeEach(async () => {
  api = await ViApi.start({ settings: { partBytes: PART_BYTES } });
  account = createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: ORGANIZATION, endpoint: api.emulator.url },
    ...{ requestTimeoutMs: 5000, sessionsPer5Minutes: 100 },
  });
  dataset = account.within?.('demo') as MediaProvider;
  tooMany.length = 0;
  listening = jest.spyOn(EventTarget.prototype, 'addEventListener').mockImplementation(function (
    this: EventTarget,
    ...call
  ) {
    listen.apply(this, call);
    if (!(this instanceof AbortSignal)) return;
    const count = getEventListeners(this, call[0]).length;
    if (count > events.defaultMaxListeners && !isUnlimited(this)) tooMany.push(count);
  });
  for (const route of [UPLOAD_ROUTE, PART_ROUTE]) await api.control.addFault({ route, delayMs: 200 }); // all at once
});
afterEach(async () => {
  listening.mockRestore();
  await account.close();
  await api.close();
});

const submission = (name: string) => image(name, uniqueJpeg(name));
const anySignal = (): AbortSignal => new AbortController().signal;

test.each([
  ['without a signal', () => ({})],
  ['with one signal for all', () => ({ signal: anySignal() })],
  ['with a signal each', () => ({ signals: names.map(anySignal) })],
  ['with both', () => ({ signal: anySignal(), signals: names.map(anySignal) })],
])('many files of a submission at once, %s, are no more than their signal is made for', async (_which, options) => {
  const outcomes = await dataset.intake.submit(names.map(submission), options());
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(FILES);
  expect(tooMany).toEqual([]);
});

test.each([
  ['without a signal', undefined],
  ['with one', anySignal()],
])('many files of an upload at once, %s, are no more than their signal is made for', async (_which, signal) => {
  const files = names.map((filename) => ({ filename, bytes: sourceOf(filename, uniqueJpeg(filename)) }));
  const { files: uploaded } = (await dataset.ingestions?.upload?.(files, { signal, wait: false })) ?? {};
  expect(uploaded).toHaveLength(FILES);
  expect(tooMany).toEqual([]);
});

test('many parts of a file at once are no more than their signal is made for', async () => {
  const bytes = sourceOf('film.mp4', randomBytes(PARTS * PART_BYTES));
  const [outcome] = await dataset.intake.submit([image('film.mp4', undefined, { content: { route: 'parts', bytes } })]);
  if (!outcome?.ok || !('parts' in outcome.value) || !outcome.value.parts) throw new Error('it is not sent in parts');
  const { parts: session } = outcome.value;
  const { parts: sessions } = dataset.intake;
  const buffers = new PartBuffers(PARTS * STREAM_BUFFER_BYTES);
  const ended = await finishSession({
    ...{ sessions, session, source: bytes, first: session.urls, concurrency: PARTS, buffers },
    ...{ signal: anySignal(), stopping: anySignal(), onSent: () => {} },
  });
  expect(ended).toBe('completed');
  expect(tooMany).toEqual([]);
});
