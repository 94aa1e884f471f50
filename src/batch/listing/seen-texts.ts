import { createHash } from 'node:crypto';

/** Words of a hash that are compared: of a million texts two have the same ones with a chance of 1 in 10^17. */
const HASH_WORDS = 3;
const WORDS = HASH_WORDS + 1;
const MOST_FILLED = 0.6;

/** Which texts were seen, and where first: 16 bytes for each place of a table, whatever the texts' lengths. */
export class SeenTexts {
  private places = 1024;
  private table = new Uint32Array(this.places * WORDS);
  private filled = 0;

  /**
   * Adds a text unless it was seen.
   * @param position a number from 0 to 2^32 - 2.
   * @returns where it was first seen; `undefined` if it was not.
   */
  add(text: string, position: number): number | undefined {
    if (this.filled >= this.places * MOST_FILLED) this.grow();
    return this.put(wordsOf(text), position + 1);
  }

  /** Where the text was first seen; `undefined` if it was not. */
  find(text: string): number | undefined {
    return this.put(wordsOf(text), undefined);
  }

  /** How many different texts were seen. */
  get size(): number {
    return this.filled;
  }

  private put(words: readonly number[], stored: number | undefined): number | undefined {
    const { table, places } = this;
    for (let place = (words[0] ?? 0) % places; ; place = (place + 1) % places) {
      const start = place * WORDS;
      const there = table[start + HASH_WORDS];
      if (there === 0 || there === undefined) {
        if (stored === undefined) return undefined;
        table.set(words, start);
        table[start + HASH_WORDS] = stored;
        this.filled += 1;
        return undefined;
      }
      if (words.every((word, index) => table[start + index] === word)) return there - 1;
    }
  }

  private grow(): void {
    const before = this.table;
    this.places *= 2;
    this.table = new Uint32Array(this.places * WORDS);
    this.filled = 0;
    for (let start = 0; start < before.length; start += WORDS) {
      const stored = before[start + HASH_WORDS];
      if (stored) this.put([...before.subarray(start, start + HASH_WORDS)], stored);
    }
  }
}

function wordsOf(text: string): number[] {
  const hash = createHash('sha256').update(text).digest();
  return Array.from({ length: HASH_WORDS }, (_, index) => hash.readUInt32LE(index * 4));
}
