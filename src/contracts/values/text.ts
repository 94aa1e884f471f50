/** The last `most` UTF-16 units of a text; one less where the cut would leave half a character. */
export function lastOf(text: string, most: number): string {
  const part = text.slice(-most);
  return part.length < text.length && isLowHalf(part.charCodeAt(0)) ? part.slice(1) : part;
}

/** The first `most` UTF-16 units of a text; one less where the cut would leave half a character. */
export function firstOf(text: string, most: number): string {
  const part = text.slice(0, most);
  return part.length < text.length && isHighHalf(part.charCodeAt(part.length - 1)) ? part.slice(0, -1) : part;
}

const isHighHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowHalf = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** False if the text has half of a two-unit UTF-16 character, which UTF-8 cannot encode. */
export const isWhole = (text: string): boolean => text.isWellFormed();

/** Paths of all texts and field names in a value that hold half a character. */
export const halfCharactersIn = (value: unknown): PropertyKey[][] =>
  isWholeThroughout(value) ? [] : pathsOfHalves(value, []);

/** Nearly every input is whole, so that no path is made up for it. */
function isWholeThroughout(value: unknown): boolean {
  if (typeof value === 'string') return isWhole(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.keys(value).every(
    (name) => isWhole(name) && isWholeThroughout((value as Record<string, unknown>)[name]),
  );
}

function pathsOfHalves(value: unknown, path: PropertyKey[]): PropertyKey[][] {
  if (typeof value === 'string') return isWhole(value) ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    isWhole(name) ? pathsOfHalves(part, [...path, name]) : [path],
  );
}

export const HALF_A_CHARACTER = 'must not contain half a character (a UTF-16 surrogate without its other half)';
