import type { Query } from '../../shared/server/json-server';
import { invalid } from './errors';

const MOST_ITEMS = 1000;
const DEFAULT_ITEMS = 10;

/** A parameter that may stand once. @throws ApiError for a repeated one */
export function one(query: Query, name: string): string | undefined {
  const value = query[name];
  if (Array.isArray(value)) throw invalid(`The parameter ${name} may stand once.`);
  return value;
}

/** A flag is `y` or absent. */
export function flag(query: Query, name: string): boolean {
  const value = one(query, name);
  if (value === undefined || value === 'y') return value === 'y';
  throw invalid(`The parameter ${name} must be y.`);
}

export function choice<T extends string>(query: Query, name: string, values: readonly T[]): T | undefined {
  const value = one(query, name);
  const known = values.find((each) => each === value);
  if (value === undefined || known !== undefined) return known;
  throw invalid(`The parameter ${name} must be one of ${values.join(', ')}.`);
}

/** A place in a sorted list: that of an item, whether it is still there or not. */
type Position = readonly [key: string | number, sequence: number];

export interface Sorted<T> {
  items: readonly T[];
  positionOf: (item: T) => Position;
  descending: boolean;
  /** Tokens of another order are refused. */
  order: string;
}

export interface Page<T> {
  items: T[];
  nextPage: string | null;
  prevPage: string | null;
}

interface Token {
  order: string;
  side: 'after' | 'before';
  position: Position;
}

/** The page that `s` and `p` ask for. Tokens name an item, so that what is deleted in between shifts nothing. */
export function pageOf<T>(query: Query, { items, positionOf, descending, order }: Sorted<T>): Page<T> {
  const size = sizeOf(query);
  const token = tokenIn(query, order);
  const turn = descending ? -1 : 1;
  const sorted = items.toSorted((left, right) => turn * compare(positionOf(left), positionOf(right)));
  const start = startOf(sorted, token, size, (item, position) => turn * compare(positionOf(item), position));
  const page = sorted.slice(start.from, start.to);
  const [first, last] = [page[0], page.at(-1)];
  const tokenOf = (side: Token['side'], item: T): string => written({ order, side, position: positionOf(item) });
  return {
    items: page,
    nextPage: last !== undefined && start.to < sorted.length ? tokenOf('after', last) : null,
    prevPage: first !== undefined && start.from > 0 ? tokenOf('before', first) : null,
  };
}

function startOf<T>(
  sorted: readonly T[],
  token: Token | undefined,
  size: number,
  difference: (item: T, position: Position) => number,
): { from: number; to: number } {
  if (!token) return { from: 0, to: size };
  const { side, position } = token;
  const at = sorted.findIndex((item) => difference(item, position) >= (side === 'after' ? Number.MIN_VALUE : 0));
  const edge = at < 0 ? sorted.length : at;
  return side === 'after' ? { from: edge, to: edge + size } : { from: Math.max(0, edge - size), to: edge };
}

function compare([key, sequence]: Position, [otherKey, otherSequence]: Position): number {
  if (key !== otherKey) return key < otherKey ? -1 : 1;
  return sequence - otherSequence;
}

function sizeOf(query: Query): number {
  const text = one(query, 's');
  if (text === undefined) return DEFAULT_ITEMS;
  const size = /^\d+$/.test(text) ? Number(text) : 0;
  if (size >= 1 && size <= MOST_ITEMS) return size;
  throw invalid(`The parameter s must be a whole number from 1 to ${MOST_ITEMS}.`);
}

const written = (token: Token): string => Buffer.from(JSON.stringify(token)).toString('base64url');

function tokenIn(query: Query, order: string): Token | undefined {
  const text = one(query, 'p');
  if (text === undefined) return undefined;
  const token = read(text);
  if (token?.order === order && Array.isArray(token.position)) return token;
  throw invalid('The parameter p must be a token of this list, in this order.');
}

function read(text: string): Token | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Token;
  } catch {
    return undefined;
  }
}
