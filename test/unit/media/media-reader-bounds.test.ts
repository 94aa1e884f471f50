import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { writeLargeVideo } from '../../../bench/large-video';
import { MediaReader } from '../../../src/media/media-reader';
import { createFileSources } from '../../../src/storage/files/file-sources';
import { fragments, mp4 } from '../../support/media/mp4';
import { withCover } from '../../support/media/sounds';
import { sampleBytes, sourceOf } from '../../support/media/sources';

const video = { kind: 'video', width: 640, height: 360, durationSec: 10 } as const;
const clip = sampleBytes('clip.mp4');

test('a video of 4 GB with its index at the end costs at most 2 MB', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-media-'));
  try {
    const file = path.join(folder, 'film.mp4');
    await writeLargeVideo(file, clip, 4 * 1024 ** 3);
    const source = await createFileSources({ roots: [folder], restMs: 0 }).resolve(file);
    let bytesRead = 0;
    const { filename, sizeBytes } = source;
    const counted = {
      filename,
      sizeBytes,
      read: (range = { start: 0, end: sizeBytes }) => {
        bytesRead += range.end - range.start;
        return source.read(range);
      },
    };
    const facts = await new MediaReader().factsOf(counted);
    expect(facts).toMatchObject({ kind: 'video', durationSec: 10, sizes: [{ width: 640, height: 360 }] });
    expect(bytesRead).toBeLessThanOrEqual(2_000_000);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('cover art larger than the budget is not read', async () => {
  const source = sourceOf('song.mp3', withCover(sampleBytes('melody.mp3'), sampleBytes('portrait-1.jpg'), 5_000_000));
  expect(await new MediaReader().factsOf(source)).toMatchObject({ kind: 'audio', durationSec: 12.042 });
  expect(source.bytesRead).toBeLessThan(300_000);
});

test('of fragments that were not all read, the duration is not told', async () => {
  const source = sourceOf('live.mp4', fragments(video, 40, 70_000));
  expect((await new MediaReader({ budgetBytes: 10_000_000 }).factsOf(source))?.durationSec).toBe(80);
  const facts = await new MediaReader({ budgetBytes: 400_000 }).factsOf(source);
  expect(facts?.kind).toBe('video');
  expect(facts?.durationSec).toBeUndefined();
});

test('frames that were not all read say nothing against an index that was', async () => {
  const short = mp4({ tracks: [{ ...video, durationSec: 3 }] });
  const facts = await new MediaReader({ budgetBytes: short.length - 100 }).factsOf(sourceOf('short.mp4', short));
  expect(facts).toMatchObject({ kind: 'video', durationSec: 3 });
});

test('nothing is told of a source that cannot be read, or not in time', async () => {
  const refusing = {
    ...sourceOf('a.mp4', clip),
    read: () =>
      new Readable({
        read() {
          this.destroy(new Error('InvalidRange'));
        },
      }),
  };
  const stalled = { ...sourceOf('a.mp4', clip), read: () => new Readable({ read: () => {} }) };
  expect(await new MediaReader().factsOf(refusing)).toBeUndefined();
  expect(await new MediaReader({ lookWithinMs: 20 }).factsOf(stalled)).toBeUndefined();
});

test('a look that is cancelled ends with the reason', async () => {
  const controller = new AbortController();
  const stalled = { ...sourceOf('a.mp4', clip), read: () => new Readable({ read: () => {} }) };
  const looking = new MediaReader().factsOf(stalled, { signal: controller.signal });
  const reason = new Error('cancelled');
  controller.abort(reason);
  await expect(looking).rejects.toBe(reason);
});

test('many files are looked at side by side, also behind some that fail', async () => {
  const reader = new MediaReader({ lookWithinMs: 60_000 }); // on a slow machine too
  const refusing = () => {
    throw new Error('no range');
  };
  const looks = Array.from({ length: 40 }, (_, at) => {
    const source = sourceOf('clip.mp4', clip);
    return reader.factsOf(at % 3 === 0 ? { ...source, read: refusing } : source);
  });
  const told = await Promise.all(looks);
  expect(told.map((facts) => facts?.durationSec)).toEqual(looks.map((_, at) => (at % 3 === 0 ? undefined : 10)));
});
