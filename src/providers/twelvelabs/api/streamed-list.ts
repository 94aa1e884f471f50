import { JSONParser } from '@streamparser/json';

/** The bytes are no JSON document. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
}

/**
 * Items of the array in field `at` of a JSON document, as its bytes come. Only one item is kept at a time.
 * @throws NotJson when the bytes are no JSON, or end too early.
 */
export async function* streamedList(bytes: AsyncIterable<Uint8Array>, at: string): AsyncGenerator<unknown> {
  const parser = new JSONParser({ paths: [`$.${at}.*`], keepStack: false });
  let items: unknown[] = [];
  let problem: NotJson | undefined;
  parser.onValue = ({ value }) => void items.push(value);
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
}
