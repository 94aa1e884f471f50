import { z } from 'zod';
import type { Clock } from '../../shared/clock';
import type { Query } from '../../shared/server/json-server';
import { invalid, parse } from './errors';

export interface Page<T> {
  data: T[];
  page_info: { limit_per_page: number; page: number; total_page: number; total_results: number };
}

const PagingSchema = z.object({
  page: z.coerce.number().int().min(1).default(1),
  page_limit: z.coerce.number().int().min(1).max(50).default(10),
});

/** One page of the records, made into their wire shape; a page past the end is empty, as the SDKs' pagers need. */
export function pageOf<T, W>(records: readonly T[], query: Query, view: (record: T) => W): Page<W> {
  const { page, page_limit: limit } = parse(PagingSchema, query);
  return {
    data: records.slice((page - 1) * limit, page * limit).map(view),
    page_info: {
      limit_per_page: limit,
      page,
      total_page: Math.ceil(records.length / limit),
      total_results: records.length,
    },
  };
}

/** A parameter that may be repeated. */
export function many(query: Query, name: string): string[] {
  const value = query[name] ?? [];
  return Array.isArray(value) ? value : [value];
}

/** A parameter that counts once; of repeated ones the last. */
export const one = (query: Query, name: string): string | undefined => many(query, name).at(-1);

/** Case-insensitive part of a text, as the provider's filters for names work. */
export function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.toLowerCase());
}

interface Dated {
  createdAt: number;
  updatedAt: number;
  name?: string;
}

/** Sorts by `sort_by` and `sort_option`; records made in the same millisecond keep their order. */
export function sorted<T extends Dated>(records: Iterable<T>, query: Query, keys: readonly string[]): T[] {
  const by = one(query, 'sort_by') ?? 'created_at';
  const option = one(query, 'sort_option') ?? 'desc';
  if (!keys.includes(by)) throw invalid(`The sort_by parameter must be one of ${keys.join(', ')}.`);
  if (option !== 'asc' && option !== 'desc') throw invalid('The sort_option parameter must be asc or desc.');
  const list = [...records].sort((a, b) => compare(a, b, by));
  return option === 'desc' ? list.reverse() : list;
}

function compare(a: Dated, b: Dated, by: string): number {
  if (by === 'name') return (a.name ?? '').localeCompare(b.name ?? '');
  return by === 'updated_at' ? a.updatedAt - b.updatedAt : a.createdAt - b.createdAt;
}

/** A repeatable parameter whose values the document lists; none when it is left out. */
export function known(query: Query, name: string, values: readonly string[]): string[] {
  const asked = many(query, name);
  if (asked.every((value) => values.includes(value))) return asked;
  throw invalid(`The ${name} parameter must be one of ${values.join(', ')}.`);
}

/** Whether a time passes the filters `created_at` and `updated_at`: at or after the one given. */
export function since(clock: Clock, at: number, query: Query, name: string): boolean {
  return at >= (timeIn(clock, query, name) ?? at);
}

/** Whether a time is not after the one given. */
export function until(clock: Clock, at: number, query: Query, name: string): boolean {
  return at <= (timeIn(clock, query, name) ?? at);
}

function timeIn(clock: Clock, query: Query, name: string): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  const time = clock.read(text);
  if (Number.isNaN(time)) throw invalid(`The ${name} parameter must be an RFC 3339 time.`);
  return time;
}

/** Whether a number is within `<name>[gte]` and `<name>[lte]`; one that is not known is within none. */
export function within(value: number | undefined, query: Query, name: string): boolean {
  const least = numberIn(query, `${name}[gte]`);
  const most = numberIn(query, `${name}[lte]`);
  if (least === undefined && most === undefined) return true;
  return value !== undefined && value >= (least ?? -Infinity) && value <= (most ?? Infinity);
}

function numberIn(query: Query, name: string): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw invalid(`The ${name} parameter must be a number.`);
  return value;
}
