import Table from 'cli-table3';
import {
  branchesOf,
  type BranchStatus,
  type EmbeddingResult,
  type LifecycleStatus,
  type Receipt,
  type UploadStatus,
} from '../contracts/lifecycle-status';
import { outputClosed, outputDrained, printable, printableJson, writeNote, writeOut } from './terminal';

export const printJson = (value: unknown): void => writeOut(`${printableJson(value)}\n`);

/** One line or a list of them: a line break inside one is shown, and breaks nothing. */
export const print = (lines: string | readonly string[]): void =>
  writeOut(
    [lines]
      .flat()
      .map((line) => `${printable(line)}\n`)
      .join(''),
  );

/**
 * Prints a list as its pages come, and holds none of them: one JSON array, or a table for each page. A slow reader is
 * waited for.
 */
export class ListPrinter<T> {
  private printed = 0;

  constructor(
    private readonly json: boolean,
    private readonly table: (items: readonly T[]) => string | string[],
  ) {}

  async page(items: readonly T[]): Promise<void> {
    outputClosed.throwIfAborted();
    if (this.json) {
      for (const item of items) writeOut(`${this.printed++ === 0 ? '[' : ','}${printableJson(item)}`);
    } else {
      print(this.table(items));
      this.printed += Math.max(items.length, 1);
    }
    await outputDrained();
  }

  async end(): Promise<void> {
    if (this.json) writeOut(`${this.printed === 0 ? '[' : ''}]\n`);
    else if (this.printed === 0) print(this.table([]));
    await outputDrained();
  }
}

/** For people only: progress and notes never go to stdout, where machine output is. */
export const note = (line: string): void => writeNote(`${printable(line)}\n`);

/** Content of one cell; a list has a line for each item. */
type Cell = string | number | undefined | readonly string[];

/** A table, line by line. */
export function tableOf(head: string[], rows: Cell[][]): string[] {
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const row of rows) table.push(row.map(textOf));
  return table.toString().split('\n');
}

/** Escaped before the table breaks lines and measures widths. */
const textOf = (cell: Cell): string =>
  Array.isArray(cell) ? cell.map(printable).join('\n') : printable(String(cell ?? ''));

/** One line that says where a lifecycle is. @param phaseMs how long it has been in its phase, where that is told */
export function lineOf(status: LifecycleStatus, phaseMs?: number): string {
  const { key, phase, asset, upload, error } = status;
  const parts = [`${key}: ${phase}${phaseMs === undefined ? '' : ` for ${durationWords(phaseMs)}`}`];
  if (upload) parts.push(`upload ${uploadOf(upload)}`);
  if (asset) parts.push(`asset ${asset.id} ${asset.status}`);
  for (const { type, status: state } of branchesOf(status)) parts.push(`${type} ${state}`);
  if (error) parts.push(`${error.type}: ${error.message}`);
  return parts.join(', ');
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 3 min`, `4 d 1 h`. */
export function durationWords(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 10) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How far an upload is: `45 % of 2.1 GB, 110.0 MB/s, 11 s left`. */
function uploadOf({ percent, totalBytes, bytesPerSec, secondsLeft }: UploadStatus): string {
  const parts = [`${percent} % of ${sizeOf(totalBytes)}`];
  if (bytesPerSec !== undefined) parts.push(`${sizeOf(bytesPerSec)}/s`);
  if (secondsLeft !== undefined) parts.push(`${secondsLeft} s left`);
  return parts.join(', ');
}

const BAR_WIDTH = 24;

/** The same as a bar, for terminals; empty where no upload is under way. */
export function barOf({ upload }: LifecycleStatus): string {
  return upload ? bar(upload.percent) : '';
}

export function bar(percent: number): string {
  const full = Math.round((percent / 100) * BAR_WIDTH);
  return `[${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}] `;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB'] as const;

export function sizeOf(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${UNITS[power]}`;
}

/** A status for people, line by line, with its receipt as a table. */
export function describeStatus(status: LifecycleStatus): string[] {
  const { asset, receipt, error, timings, reason } = status;
  const branches = branchesOf(status);
  const rows: [string, string | number | undefined][] = [
    ['key', status.key],
    ['phase', status.phase],
    ['asset', asset && `${asset.id} (${asset.status}${asset.adopted ? ', adopted' : ''})`],
    ['', asset?.adoptedUnchecked ? 'taken up from an earlier run without comparing its content' : undefined],
    [
      'file',
      [asset?.filename, asset?.fileType, asset?.sizeBytes && `${asset.sizeBytes} bytes`].filter(Boolean).join(', '),
    ],
    ['upload', status.upload && uploadOf(status.upload)],
    ...branches.flatMap((branch) => rowsOfBranch(branch, branches.length > 1)),
    ['reason', reason],
    ['error', error && `${error.type}: ${error.message}`],
    ['started', timings.startedAt],
    ['closed', timings.closedAt && `${timings.closedAt} (${timings.elapsedSec} s)`],
  ];
  const lines = rows.filter(([, value]) => value).map(([name, value]) => `${name.padEnd(8)} ${value}`);
  return [...lines, ...(receipt ? describeReceipt(receipt) : [])];
}

/** @param isOneOfMany its failure stands with it then; that of a single one is the lifecycle's. */
function rowsOfBranch(
  { type, id = '', status, result, error }: BranchStatus,
  isOneOfMany: boolean,
): [string, string | undefined][] {
  return [
    ['branch', `${type} ${id} (${status})`],
    ['', isOneOfMany && error ? `${error.type}: ${error.message}` : undefined],
    ['result', result && wordsOfResult(result)],
  ];
}

export function describeReceipt({ policy, entries }: Receipt): string[] {
  if (entries.length === 0) return [`receipt  policy "${policy}": nothing had been made`];
  const rows = entries.map(({ resource, id, result, because, referrers }) => [
    resource,
    id,
    result,
    [because, ...(referrers ?? [])],
  ]);
  return [`receipt  policy "${policy}"`, ...tableOf(['resource', 'id', 'result', 'because'], rows)];
}

/** What the branches came to, in a few words. */
export function resultOf(status: LifecycleStatus): string {
  if (status.error) return status.error.type;
  return branchesOf(status)
    .map(({ result, id }) => (result ? wordsOfResult(result) : (id ?? '')))
    .join(', ');
}

const wordsOfResult = ({ count, dimensions, uri }: EmbeddingResult): string => `${count} × ${dimensions} in ${uri}`;
