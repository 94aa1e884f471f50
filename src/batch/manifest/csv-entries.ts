import { pipeline, type Readable } from 'node:stream';
import { parse, type CsvError } from 'csv-parse';
import { failure } from '../../contracts/failures';
import type { SourceEntry } from '../listing/source-entry';
import { MAX_LINE_BYTES, mustBeText } from './ndjson-entries';

interface ParsedRow {
  record: string[];
  /** `lines`: the line on which the row ends. */
  info: { lines: number };
}

/**
 * The items of a CSV manifest (RFC 4180, fields separated by commas): the first row names the fields. Empty fields are left
 * out. A row that cannot be an item is refused; after a quote that does not end nobody can tell rows, and the whole manifest
 * is refused.
 * @param checkHeader throws if the names are not those of an item's fields.
 */
export async function* csvEntries(
  bytes: Readable,
  { after = 0, checkHeader }: { after?: number; checkHeader: (names: readonly string[]) => void },
): AsyncGenerator<SourceEntry> {
  let parsedTo = 0;
  let parsedReturns = 0;
  const parser = parse({
    bom: true,
    info: true,
    record_delimiter: ['\r\n', '\n'],
    max_record_size: MAX_LINE_BYTES,
    relax_column_count: true, // the count is checked here, with the header's names at hand
    relax_quotes: true, // a quote inside a field stands for itself
    skip_empty_lines: true,
    on_record: (row, { lines }) => {
      parsedReturns += returnsIn(fieldsOf(row));
      parsedTo = lines - parsedReturns;
      return row;
    },
  });
  bytes.once('data', mustBeTextOrEnd(bytes));
  pipeline(bytes, parser, () => {}); // the loop below gets the error of either
  let header: readonly string[] | undefined;
  let returns = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      returns += returnsIn(record);
      if (header) {
        const line = info.lines - returns - lineBreaksIn(record);
        if (line > after) yield entryOf(record, line, header);
      } else {
        header = record.map((name) => name.trim());
        checkHeader(header);
      }
    }
  } catch (error) {
    const { code } = error as CsvError;
    throw typeof code === 'string' && code.startsWith('CSV_') ? notReadable(code, parsedTo) : error;
  }
  if (!header) throw failure('InvalidRequest', 'items.uri: has no header; its first line names the fields');
}

/** The option `info` makes a row of it that the parser's types do not know. */
const fieldsOf = (row: unknown): readonly string[] => (row as ParsedRow).record;

const lineBreaksIn = (record: readonly string[]): number =>
  record.reduce((breaks, text) => breaks + text.split('\n').length - 1, 0);

/** Between quotes the parser counts "\r" as a line of its own. */
const returnsIn = (record: readonly string[]): number =>
  record.reduce((returns, text) => returns + text.split('\r').length - 1, 0);

function entryOf(record: readonly string[], line: number, header: readonly string[]): SourceEntry {
  const refuse = (reason: string): SourceEntry => ({ at: line, line, refused: 'InvalidRequest', reason });
  if (record.length !== header.length) {
    return refuse(`the row has ${record.length} fields, and the header ${header.length}`);
  }
  if (record.some((text) => text.includes('\ufffd'))) return refuse('the row is not valid UTF-8');
  const fields = header.flatMap((name, index) => (record[index] ? [[name, record[index]] as const] : []));
  return { at: line, line, record: Object.fromEntries(fields) };
}

/** In our own words: the parser's quote the row, which may hold a secret. */
const notReadable = (code: string, parsedTo: number) =>
  failure(
    'InvalidRequest',
    `items.uri: the row behind line ${parsedTo} ${
      code === 'CSV_MAX_RECORD_SIZE'
        ? `is longer than ${MAX_LINE_BYTES / 1024 ** 2} MiB; perhaps it`
        : 'cannot be read; it'
    } has a quote that is not closed (${code})`,
  );

const mustBeTextOrEnd =
  (bytes: Readable) =>
  (start: Buffer): void => {
    try {
      mustBeText(start);
    } catch (error) {
      bytes.destroy(error as Error);
    }
  };
