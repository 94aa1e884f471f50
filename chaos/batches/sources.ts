import { createHash } from 'node:crypto';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { defaultKey } from '../../src/client/default-key';
import { pictureOf } from '../datasets/others';
import type { Wanted } from './evidence';
import { isOfFilms, type BatchSchedule } from './schedule';

export interface Sources {
  samples: string;
  folder: string;
  /** Of the provider, where it has places. */
  place?: string;
}

/** An empty file, which is refused when it is listed. */
export const strangerIn = (folder: string): string => path.join(folder, 'stranger.jpg');

/** Writes the files of a batch, each with content of its own. */
export async function writeSources(
  schedule: Pick<BatchSchedule, 'items' | 'branches' | 'damaged' | 'around'>,
  { samples, folder, place }: Sources,
): Promise<Wanted[]> {
  await mkdir(folder, { recursive: true });
  const films = isOfFilms(schedule);
  const wanted = Array.from({ length: schedule.items }, async (_, nth): Promise<Wanted> => {
    const file = path.join(folder, `${String(nth).padStart(2, '0')}.${films ? 'mp4' : 'jpg'}`);
    const damaged = nth % 3 === 1 && Math.floor(nth / 3) < schedule.damaged;
    const content = damaged ? Buffer.from(`no media ${nth}`) : await soundContent(films, samples, file);
    await writeFile(file, content);
    await utimes(file, 0, 0); // nobody waits for it to rest
    return { path: file, key: defaultKey({ type: 'file', path: file }, place), sha256: hashOf(content), damaged };
  });
  if (schedule.around.includes('stranger')) await writeFile(strangerIn(folder), '');
  return Promise.all(wanted);
}

/** Puts sound files in the place of damaged ones. */
export async function repairSources(wanted: readonly Wanted[], samples: string): Promise<Wanted[]> {
  const repaired = wanted.map(async (one): Promise<Wanted> => {
    if (!one.damaged) return one;
    const content = await soundContent(one.path.endsWith('.mp4'), samples, one.path);
    await writeFile(one.path, content);
    return { ...one, sha256: hashOf(content), damaged: false };
  });
  return Promise.all(repaired);
}

const soundContent = (film: boolean, samples: string, mark: string): Promise<Buffer> =>
  film ? filmOf(samples, mark) : pictureOf(samples, mark);

/** A sample film with `mark` in a box that players skip. */
async function filmOf(samples: string, mark: string): Promise<Buffer> {
  const film = await readFile(path.join(samples, 'city.mp4'));
  const text = Buffer.from(mark);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + text.length, 0);
  head.write('free', 4);
  return Buffer.concat([film, head, text]);
}

const hashOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
