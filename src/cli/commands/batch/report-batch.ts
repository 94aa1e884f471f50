import { Command, Option } from 'commander';
import type { LifecycleClient } from '../../../client/lifecycle-client';
import type { ReportEntry } from '../../../batch/report';
import { action, withClient } from '../../context';
import { UsageError } from '../../exit';
import { ListPrinter, print, tableOf } from '../../output';
import { outputClosed, outputDrained, printable, writeOut } from '../../terminal';

interface ReportFlags {
  only?: string;
  csv?: boolean;
  json?: boolean;
}

/** Lines that are printed together. */
const PAGE = 200;

/** What `--only` takes: where an item stands, or what could be none. */
const STATES = ['completed', 'failed', 'cancelled', 'deleted', 'refused', 'pending', 'open'] as const;

export const reportCommand = (): Command =>
  new Command('report')
    .summary('say what became of each item, and group the failures by cause')
    .description(
      'Lists what became of every item, in the order of the batch’s list, with what could be no item and why; then the ' +
        'failures grouped by cause. Reads the store of the workers, where a report is kept for 30 days after the batch ' +
        'has closed.',
    )
    .argument('<id>', 'the batch’s id')
    .addOption(new Option('--only <state>', 'only such entries; open: still under way').choices(STATES))
    .option('--csv', 'print a line of CSV for each, with a header')
    .option('--json', 'print a JSON array only')
    .addHelpText(
      'after',
      '\nExamples:\n  $ asset-lifecycle batch report spring --only failed\n  $ asset-lifecycle batch report spring --csv > spring.csv',
    )
    .action(
      action((batchId: string, flags: ReportFlags) => {
        if (flags.csv && flags.json) throw new UsageError('give either --csv or --json');
        return withClient((client) => report(client, batchId, flags));
      }),
    );

async function report(client: LifecycleClient, batchId: string, { only, csv = false, json = false }: ReportFlags) {
  const printer = csv ? new CsvPrinter() : new ListPrinter<ReportEntry>(json, tableOfEntries);
  let page: ReportEntry[] = [];
  for await (const entry of client.batches.report(batchId)) {
    if (only !== undefined && stateOf(entry) !== only) continue;
    if (page.push(entry) < PAGE) continue;
    await printer.page(page);
    page = [];
  }
  if (page.length > 0) await printer.page(page);
  await printer.end();
  if (csv || json) return;
  const causes = await client.batches.failures(batchId);
  if (causes.length === 0) return;
  print(
    tableOf(
      ['failures', 'type', 'why', 'such as'],
      causes.map(({ count, type, cause, examples }) => [count, type, cause, examples]),
    ),
  );
}

const ENDED = ['completed', 'failed', 'cancelled', 'deleted', 'pending'];

function stateOf(entry: ReportEntry): string {
  if ('refused' in entry) return 'refused';
  const where = entry.outcome ?? entry.phase;
  return ENDED.includes(where) ? where : 'open';
}

interface Row {
  item: number | undefined;
  key: string;
  state: string;
  asset: string;
  branch: string;
  /** URIs of the records. */
  result: string;
  sizeBytes: number | undefined;
  why: string;
}

function rowOf(entry: ReportEntry): Row {
  if ('refused' in entry) {
    const { name, line, at, refused, reason } = entry;
    const place = line === undefined ? String(at) : `line ${line}`;
    const common = { item: undefined, asset: '', branch: '', result: '', sizeBytes: undefined };
    return {
      ...common,
      key: name ?? place,
      state: 'refused',
      why: `${refused}: ${name && line ? `${place}: ` : ''}${reason}`,
    };
  }
  const { item, key, phase, outcome, asset, sizeBytes, error, branches = [] } = entry;
  const branch = branches.map(({ type, id, status }) => [type, id ?? status].join(' ')).join(', ');
  const result = branches.flatMap((one) => one.result?.uri ?? []).join(' ');
  const why = error ? `${error.type}: ${error.message}` : '';
  return { item, key, state: outcome ?? phase, asset: asset?.id ?? '', branch, result, sizeBytes, why };
}

const tableOfEntries = (entries: readonly ReportEntry[]): string | string[] => {
  if (entries.length === 0) return 'no such entries';
  const rows = entries.map(rowOf).map(({ key, state, asset, branch, why }) => [key, state, asset, branch, why]);
  return tableOf(['key', 'state', 'asset', 'branch', 'why'], rows);
};

const HEADER = ['item', 'key', 'state', 'asset', 'branch', 'result', 'size_bytes', 'why'];

const cellsOf = ({ item, key, state, asset, branch, result, sizeBytes, why }: Row) => [
  ...[item, key, state, asset, branch, result, sizeBytes, why],
];

/** RFC 4180, as it comes. A slow reader is waited for. */
class CsvPrinter {
  private begun = false;

  async page(entries: readonly ReportEntry[]): Promise<void> {
    outputClosed.throwIfAborted();
    this.begin();
    writeOut(entries.map((entry) => csvLine(cellsOf(rowOf(entry)))).join(''));
    await outputDrained();
  }

  async end(): Promise<void> {
    this.begin();
    await outputDrained();
  }

  private begin(): void {
    if (!this.begun) writeOut(csvLine(HEADER));
    this.begun = true;
  }
}

const csvLine = (cells: readonly (string | number | undefined)[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** A spreadsheet runs a cell that begins so; an apostrophe makes it text. */
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(value: string | number | undefined): string {
  if (typeof value === 'number' || value === undefined) return String(value ?? '');
  const text = printable(FORMULA.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
