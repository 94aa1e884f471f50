import { once } from 'node:events';
import { fstatSync } from 'node:fs';

/**
 * Characters of foreign names that command a terminal or turn its text around: C0 and C1 controls, line and paragraph
 * separators, marks of writing direction, half characters. A joiner inside an emoji or a word stays.
 */
const UNPRINTABLE = /[\p{Cc}\p{Surrogate}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** The same for JSON, whose own writer escapes C0 controls and half characters. */
const UNPRINTABLE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** One line that is safe to show, whoever chose its words; a line break in it is shown as well, and does not break it. */
export const printable = (line: string): string => line.replaceAll(UNPRINTABLE, escaped);

/** Text of several lines of our own, such as a stack trace or a help text. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** JSON without characters that control a terminal; every parser accepts it. */
export const printableJson = (value: unknown): string => JSON.stringify(value).replaceAll(UNPRINTABLE_IN_JSON, escaped);

/** True when a live display can be drawn: it goes to standard output, and replaces the notes. */
export const isTerminal = (): boolean => process.stdout.isTTY === true && process.stderr.isTTY === true;

/** The reader of standard output is gone: commands that only show something end quietly. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

const closing = new AbortController();
let noteClosed = false;
let outputFailure: Error | undefined;

/** Aborted once nobody reads standard output any more; what is written after that is dropped. */
export const outputClosed: AbortSignal = closing.signal;

/** A pipe's reader may leave early (`| head -1`). Call once, before anything is written. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') complain(error);
    closing.abort(new OutputClosed('nobody reads the output any more'));
  });
  process.stderr.on('error', () => {
    noteClosed = true;
    if (isOnePipe()) closing.abort(new OutputClosed('nobody reads the output any more'));
  });
}

export function writeOut(text: string): void {
  if (!outputClosed.aborted) process.stdout.write(text);
}

/** Waits until the reader has taken what was written, or is gone. */
export async function outputDrained(): Promise<void> {
  if (!process.stdout.writableNeedDrain || outputClosed.aborted) return;
  await once(process.stdout, 'drain', { signal: outputClosed }).catch(() => {}); // fails only if the reader is gone
}

export function writeNote(text: string): void {
  if (!noteClosed) process.stderr.write(text);
}

/** Such as a full disk: the command goes on, but its output is lost. */
function complain(error: NodeJS.ErrnoException): void {
  if (outputClosed.aborted) return;
  writeNote(`error: the output could not be written: ${printable(error.message)}\n`);
  outputFailure = error;
}

/** True if printed output was lost. A reader that closed the pipe is no failure. */
export const outputFailed = (): boolean => outputFailure !== undefined;

/** True for `2>&1 |`: both outputs are one pipe. */
function isOnePipe(): boolean {
  try {
    const out = fstatSync(1);
    const err = fstatSync(2);
    return out.ino === err.ino && out.dev === err.dev;
  } catch {
    return false;
  }
}

/** Warnings for users of a library: the AWS SDK announces the Node release that it will need. */
const FOR_LIBRARY_USERS = /AWS SDK for JavaScript/;

/** Node's warnings as one line each, without those that only a developer of the library can heed. */
export function showWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (!FOR_LIBRARY_USERS.test(warning.message))
      writeNote(`${printable(`warning: ${warning.name}: ${warning.message}`)}\n`);
  });
}
