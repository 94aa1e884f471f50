import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { failure } from '../../contracts/failures';
import { factsIn, sampleOf } from './file-bytes';
import type { SourceBytes } from './source-bytes';
import { changeOf, type FileFacts } from './source-fingerprint';

/** How long a file must not have changed before it is sent. */
export interface Rest {
  /** 0: whatever the file's time, one look is enough. */
  restMs: number;
  /** A file that still changes after so long is refused. */
  withinMs: number;
}

/** A file that was written less than two seconds ago may not be whole yet. */
export const REST: Rest = { restMs: 2000, withinMs: 60_000 };

/**
 * The facts of the opened file, with a sample, once it rests: its time is older than `restMs`, or nothing changed for so
 * long (the clock of a file server may be another).
 * @param asked the path in the caller's words.
 * @param rest `first`: what a look at the opened file has told just now.
 * @throws SourceUnreadable of a file that keeps changing
 */
export async function factsAtRest(
  asked: string,
  handle: FileHandle,
  { restMs, withinMs, first }: Rest & { first: FileFacts },
  signal?: AbortSignal,
): Promise<FileFacts & Pick<SourceBytes, 'small'>> {
  const look = async (): Promise<FileFacts> => factsIn(await handle.stat({ bigint: true }));
  const until = Date.now() + withinMs;
  let facts = first;
  let rests = Date.now() - Number(facts.mtimeNs / 1_000_000n) >= restMs;
  for (;;) {
    let change = rests ? undefined : 'less than two seconds ago';
    if (rests) {
      const sample = await sampleOf(handle, facts.sizeBytes);
      const now = await look();
      change = changeOf(facts, now);
      if (!change && sample === undefined) {
        throw refused(asked, 'has fewer bytes than its size tells; name a file that holds media');
      }
      if (!change) return { ...facts, sample: sample?.sha256, small: sample?.small };
      if (restMs === 0) throw refused(asked, `is being written (it changed ${change}); start again when it rests`);
      facts = now;
    }
    if (Date.now() >= until) {
      const why = `it was written to for ${Math.round(withinMs / 1000)} s (changed ${change})`;
      throw failure(
        'SourceUnreadable',
        `source.path: ${asked}: is still being written: ${why}; start again when it rests`,
      );
    }
    await delay(restMs, undefined, { signal }).catch(() => {
      throw signal?.reason;
    });
    const now = await look();
    rests = changeOf(facts, now) === undefined;
    facts = now;
  }
}

export const refused = (file: string, problem: string) => failure('InvalidRequest', `source.path: ${file}: ${problem}`);
