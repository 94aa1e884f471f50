import path from 'node:path';

const MAX_NAME_BYTES = 255;

/** Names of files in one folder. No two are the same where case and the form of accents do not count. */
export class LocalNames {
  private readonly taken = new Set<string>();

  /** @param reserved names that no file may have. */
  constructor(reserved: readonly string[] = []) {
    for (const name of reserved) this.taken.add(comparable(name));
  }

  /**
   * Gives the file's own name; where that is taken or too long, one with the id in it. `undefined` for a name that would
   * leave the folder.
   */
  claim(filename: string, id: string): string | undefined {
    if (leavesFolder(filename)) return undefined;
    const { name: stem, ext } = path.parse(filename);
    const withId = (count: number): string =>
      `${fitting(stem, MAX_NAME_BYTES - Buffer.byteLength(tailOf(id, count, ext)))}${tailOf(id, count, ext)}`;
    let name = Buffer.byteLength(filename) > MAX_NAME_BYTES ? withId(1) : filename;
    for (let count = 1; this.taken.has(comparable(name)); count++) name = withId(count);
    this.taken.add(comparable(name));
    return name;
  }
}

const leavesFolder = (name: string): boolean => name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name);

const tailOf = (id: string, count: number, ext: string): string => ` (${id}${count > 1 ? ` ${count}` : ''})${ext}`;

/** Some systems compare names without case, others in one form of their accents, others without dots at the end. */
const comparable = (name: string): string =>
  name
    .normalize('NFC')
    .toUpperCase()
    .toLowerCase()
    .replace(/[. ]+$/, '');

/** As many whole characters as fit. */
function fitting(text: string, bytes: number): string {
  let fits = '';
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    fits += character;
  }
  return fits;
}
