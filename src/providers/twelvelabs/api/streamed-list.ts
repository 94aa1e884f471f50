import { JSONParser } from '@streamparser/json';

/** The bytes are no JSON document. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
}

interface ListInDocument {
  /** Field of the document that holds the array. */
  at: string;
  /** Other fields of the document that are wanted. */
  beside: readonly string[];
}

/**
 * Items of an array in a JSON document, as its bytes come; then the wanted fields beside it. Only the items of one piece
 * of the body are kept at a time.
 * @throws NotJson when the bytes are no JSON, or end too early.
 */
export async function* streamedList(
  bytes: AsyncIterable<Uint8Array>,
  { at, beside }: ListInDocument,
): AsyncGenerator<unknown, Record<string, unknown>> {
  const paths = [`$.${at}.*`, ...beside.map((field) => `$.${field}`)];
  const parser = new JSONParser({ paths, keepStack: false });
  const fields: Record<string, unknown> = {};
  let items: unknown[] = [];
  let problem: NotJson | undefined;
  parser.onValue = ({ value, key, stack }) => {
    if (stack.length > 1) items.push(value);
    else fields[String(key)] = value;
  };
  parser.onError = (error) => {
    problem ??= new NotJson(error.message);
  };
  for await (const chunk of bytes) {
    parser.write(chunk);
    if (problem) throw problem;
    const ready = items;
    items = [];
    yield* ready;
  }
  if (!parser.isEnded) parser.end();
  if (problem) throw problem;
  return fields;
}

/**
 * The wanted fields of a JSON document, with flat memory however large the others are.
 * @param enough stops the reading early, which ends the connection; asked after each piece of the body.
 * @throws NotJson when the bytes are no JSON, or end too early.
 */
export async function skimmedFields(
  bytes: AsyncIterable<Uint8Array>,
  wanted: readonly string[],
  enough: (fields: Readonly<Record<string, unknown>>) => boolean,
): Promise<Record<string, unknown>> {
  const parser = new JSONParser({ paths: wanted.map((field) => `$.${field}`), keepStack: false });
  const fields: Record<string, unknown> = {};
  let problem: NotJson | undefined;
  parser.onValue = ({ value, key }) => {
    fields[String(key)] = value;
  };
  parser.onError = (error) => {
    problem ??= new NotJson(error.message);
  };
  for await (const chunk of bytes) {
    parser.write(chunk);
    if (problem) throw problem;
    if (!parser.isEnded && enough(fields)) return fields; // a whole body is read to its end: the connection stays open
  }
  if (!parser.isEnded) parser.end();
  if (problem) throw problem;
  return fields;
}
