import { failure } from '../../contracts/failures';
import type { SourceEntry } from '../listing/source-entry';

/** A longer line is refused, and its bytes are let go as they come. */
export const MAX_LINE_BYTES = 2 * 1024 ** 2;
const LINE_FEED = 0x0a;
const LOOKED_AT_BYTES = 1024;

/** The items of an NDJSON manifest: an object a line, empty lines left out. Lines that are none are refused each. */
export async function* ndjsonEntries(bytes: AsyncIterable<Buffer>, after = 0): AsyncGenerator<SourceEntry> {
  let isFirst = after === 0;
  for await (const { line, text, problem } of linesOf(bytes, after)) {
    const refuse = (reason: string): SourceEntry => ({ at: line, line, refused: 'InvalidRequest', reason });
    if (problem !== undefined) yield refuse(problem);
    else if (text !== undefined && text.trim() !== '') {
      if (isFirst && text.trimStart().startsWith('[')) {
        throw failure('InvalidRequest', 'items.uri: holds a JSON array; write an object a line (NDJSON)');
      }
      isFirst = false;
      yield recordIn(text, line) ?? refuse('the line is no JSON object');
    }
  }
}

function recordIn(text: string, line: number): SourceEntry | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return { at: line, line, record: { ...value } };
  } catch {
    return undefined; // the parser's message would quote the line, which may hold a secret
  }
}

interface Line {
  /** From 1. */
  line: number;
  text?: string;
  problem?: string;
}

async function* linesOf(bytes: AsyncIterable<Buffer>, after: number): AsyncGenerator<Line> {
  let line = 1;
  let pieces: Buffer[] = [];
  let length = 0;
  const take = (): Line => {
    const taken = length > MAX_LINE_BYTES ? { line, problem: TOO_LONG } : lineOf(Buffer.concat(pieces, length), line);
    pieces = [];
    length = 0;
    line += 1;
    return taken;
  };
  for await (const chunk of bytes) {
    if (line === 1 && length === 0) mustBeText(chunk);
    for (let start = 0; start < chunk.byteLength;) {
      const feed = chunk.indexOf(LINE_FEED, start);
      const end = feed < 0 ? chunk.byteLength : feed;
      length += end - start;
      if (length > MAX_LINE_BYTES || line <= after) pieces = [];
      else pieces.push(chunk.subarray(start, end));
      start = end + 1;
      if (feed < 0) break;
      if (line <= after) skipLine();
      else yield take();
    }
  }
  if (length > 0 && line > after) yield take();

  function skipLine(): void {
    pieces = [];
    length = 0;
    line += 1;
  }
}

const TOO_LONG = `the line is longer than ${MAX_LINE_BYTES / 1024 ** 2} MiB`;
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function lineOf(bytes: Buffer, line: number): Line {
  try {
    return { line, text: DECODER.decode(bytes) }; // leaves out a byte order mark
  } catch {
    return { line, problem: 'the line is not valid UTF-8' };
  }
}

/** @throws InvalidRequest for what is no manifest in UTF-8, of which every line would be refused */
export function mustBeText(start: Buffer): void {
  const isUtf16 = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  if (isUtf16) throw failure('InvalidRequest', 'items.uri: is UTF-16; save it as UTF-8');
  if (!start.subarray(0, LOOKED_AT_BYTES).includes(0)) return; // media have such bytes near their beginning, and texts have none
  throw failure(
    'InvalidRequest',
    'items.uri: holds no text; name a manifest (NDJSON or CSV in UTF-8) or a folder, and start a single file by itself',
  );
}
