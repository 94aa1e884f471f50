import type { ProviderFields } from '../contracts/lifecycle-input';

/** Fields that a whole value replaces: parts of two branches or sources make no third. */
const WHOLE: ReadonlySet<string> = new Set(['branch', 'source']);

/**
 * The input of an item: what `each` says, and what the item says otherwise. Of fields with fields inside, such as `metadata`
 * or `cleanup`, both are taken together. What the item says `null` of is not said. A template of filenames counts for nothing
 * here.
 */
export function mergedInput(each: ProviderFields, own: ProviderFields): Record<string, unknown> {
  const { filename: _template, ...merged } = each;
  const result: Record<string, unknown> = { ...merged };
  for (const [name, value] of said(own)) {
    const before = result[name];
    const isAdded = !WHOLE.has(name) && isPlain(before) && isPlain(value);
    result[name] = isAdded ? { ...before, ...Object.fromEntries(said(value)) } : value;
  }
  return result;
}

const said = (fields: Record<string, unknown>) =>
  Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
