import { Readable } from 'node:stream';
import { failure } from '../../../src/contracts/failures';
import { SubmissionAborted } from '../../../src/providers/outcome';
import type { SourceBytes } from '../../../src/storage/files/source-bytes';
import {
  assetIdOf,
  idsWith,
  sourceOf,
  submissionOf,
  submitAll,
  valueOf,
  wordsOf,
  type Current,
  type Harness,
} from './harness';

/** The harness's media, of which the second half comes as `rest` says. */
function halved({ media }: Harness, rest: (secondHalf: Buffer) => Iterable<Buffer>): SourceBytes {
  const { filename, content } = media;
  const half = Math.floor(content.byteLength / 2);
  const pieces = function* () {
    yield content.subarray(0, half);
    yield* rest(content.subarray(half));
  };
  return { ...sourceOf(filename, content), read: () => Readable.from(pieces()) };
}

/** Files that go whole: what happens while their bytes are on their way. */
export function describeWhole(current: Current): void {
  test('progress of an item is told with its place, and ends with all its bytes', async () => {
    const harness = current();
    const heard: [number, number][] = [];
    const onProgress = (item: number, bytes: number) => void heard.push([item, bytes]);
    await harness.provider.intake.submit([submissionOf(harness, 'k')], { onProgress });
    expect(heard.at(-1)).toEqual([0, harness.media.content.byteLength]);
  });

  test('a submission that is aborted in the middle of its bytes makes nothing, and says so', async () => {
    const harness = current();
    const leaving = new AbortController();
    const bytes = halved(harness, function* (secondHalf) {
      leaving.abort(new Error('the caller has left'));
      yield secondHalf;
    });
    const item = submissionOf(harness, 'k', { content: { route: 'whole', bytes } });
    const [outcome] = await harness.provider.intake.submit([item], { signal: leaving.signal });
    expect(leaving.signal.aborted).toBe(true);
    expect(outcome?.ok === false && outcome.error).toBeInstanceOf(SubmissionAborted);
    expect(await idsWith(harness, 'k')).toEqual([]);
  });

  test('a caller who leaves in the middle of its bytes takes nobody along', async () => {
    const harness = current();
    const { intake } = harness.provider;
    const leaving = new AbortController();
    const bytes = halved(harness, function* (secondHalf) {
      leaving.abort(new Error('the caller has left'));
      yield secondHalf;
    });
    const leaver = submissionOf(harness, 'leaver', { content: { route: 'whole', bytes } });
    const [left, stayed] = (
      await Promise.all([
        intake.submit([leaver], { signal: leaving.signal }),
        intake.submit([submissionOf(harness, 'stays')]),
      ])
    ).flat();
    expect(leaving.signal.aborted).toBe(true);
    expect(await idsWith(harness, 'stays')).toEqual([await assetIdOf(harness, valueOf(stayed))]);
    expect(await idsWith(harness, 'leaver')).toEqual(left?.ok ? [await assetIdOf(harness, left.value)] : []);
  });

  test('a source that breaks off fails alone as SourceUnreadable, and leaves no asset', async () => {
    const harness = current();
    const bytes = halved(harness, () => {
      throw failure('SourceUnreadable', 'source.path: the file ended early');
    });
    const broken = submissionOf(harness, 'broken', { content: { route: 'whole', bytes } });
    const outcomes = await submitAll(harness, [broken, submissionOf(harness, 'good')]);
    expect(await wordsOf(harness, outcomes)).toEqual(['SourceUnreadable', 'ok']);
    expect(await idsWith(harness, 'broken')).toEqual([]);
    expect(await idsWith(harness, 'good')).toHaveLength(1);
  });
}
