/** Maps many values, `size` side by side, and gives the results in the values' order. */
export async function* inChunks<T, R>(
  values: AsyncIterable<T> | Iterable<T>,
  size: number,
  map: (value: T) => R | Promise<R>,
): AsyncGenerator<R> {
  let chunk: T[] = [];
  for await (const value of values) {
    chunk.push(value);
    if (chunk.length < size) continue;
    yield* await Promise.all(chunk.map(map));
    chunk = [];
  }
  yield* await Promise.all(chunk.map(map));
}
