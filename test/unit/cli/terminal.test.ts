import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describeStatus, tableOf } from '../../../src/cli/output';
import { printable, printableJson } from '../../../src/cli/terminal';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';

const UNPRINTABLE = /[\p{Cc}\p{Surrogate}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;
const EVIL = 'a\u001b[2J\u0007\r\nb\u009b31m\u202egpj.exe\u2028\u2066x';
const SHOWN = 'a\\u001b[2J\\u0007\\u000d\\u000ab\\u009b31m\\u202egpj.exe\\u2028\\u2066x';

test('a line shows control characters instead of sending them', () => {
  expect(printable(EVIL)).toBe(SHOWN);
});

test('no text whatever brings a control character to the terminal', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...EVIL.split('')) }));
  fc.assert(
    fc.property(text, (one) => !UNPRINTABLE.test(printable(one)) && !/[\u007f-\u009f]/.test(printableJson(one))),
  );
});

test('words of other scripts, emoji with joiners and accents stay as they are', () => {
  const words = 'Ünïcödé 影片 كلمة 👩‍👩‍👧 नमस्ते.mp4';
  expect(printable(words)).toBe(words);
  expect(printableJson(words)).toBe(JSON.stringify(words));
});

test('JSON escapes them too, and means the same', () => {
  const value = { [EVIL]: [EVIL, '\ud800'] };
  const json = printableJson(value);
  expect(json).not.toMatch(UNPRINTABLE);
  expect(JSON.parse(json)).toEqual(value);
});

test('a foreign name can neither break a line of a table nor add one', () => {
  const plain = tableOf(['name'], [['x'.repeat(SHOWN.length)]]);
  const evil = tableOf(['name'], [[EVIL]]);
  expect(evil).toHaveLength(plain.length);
  expect(evil.join('')).not.toMatch(UNPRINTABLE);
  expect(evil.map((line) => line.length)).toEqual(plain.map((line) => line.length));
});

test('a status shows a filename, a message and a referrer of strangers in lines of their own', () => {
  const status: LifecycleStatus = {
    key: EVIL,
    provider: 'twelvelabs',
    phase: 'failed',
    asset: { id: 'a1', status: 'ready', filename: EVIL },
    error: { type: 'ProviderRejected', message: EVIL },
    receipt: {
      policy: 'delete',
      entries: [{ resource: 'asset', id: 'a1', result: 'kept', because: EVIL, referrers: [EVIL], at: '' }],
    },
    timings: { startedAt: '2026-01-01T00:00:00Z' },
  };
  const tame = JSON.parse(
    JSON.stringify(status).replaceAll(JSON.stringify(EVIL).slice(1, -1), 'tame'),
  ) as LifecycleStatus;
  expect(describeStatus(status)).toHaveLength(describeStatus(tame).length);
});

test('nothing in the command line writes past this one door', () => {
  const folder = path.resolve(__dirname, '../../../src/cli');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const writing = files.filter((file) =>
    /\b(stdout|stderr)\.write\(|\bconsole\./.test(readFileSync(path.join(folder, file), 'utf8')),
  );
  expect(writing).toEqual(['terminal.ts']);
});
