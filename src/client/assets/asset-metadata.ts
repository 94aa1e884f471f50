import { fieldOf } from '../../contracts/checks/describe-issues';
import { isTagField } from '../../contracts/resource';
import { HALF_A_CHARACTER, isWhole } from '../../contracts/values/text';
import type { MetadataChanges, MetadataValue } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { only } from '../../providers/outcome';
import { InvalidInput } from '../../temporal/errors';
import { withLimits, type CallLimits } from '../call-limits';

export type AssetMetadataFields = Readonly<Record<string, MetadataValue>>;

/**
 * Writes of an asset's user metadata. A value is a text, a number, true or false, or a list of texts. Fields of a
 * lifecycle's tag (`asset_lifecycle_*`) always stay: a write that names one is refused, and none removes one, also when
 * a lifecycle adds its tag at the same moment.
 * Every write throws InvalidInput before anything is sent, and ResourceGone.
 */
export interface AssetMetadataWrites {
  /** Sets these fields, removes those that are null, and leaves all others. One request. */
  set(assetId: string, fields: MetadataChanges, limits?: CallLimits): Promise<void>;
  /**
   * Sets these fields and removes all others. It reads the asset first, so that a field that somebody else adds between
   * the two requests stays.
   */
  replace(assetId: string, fields: AssetMetadataFields, limits?: CallLimits): Promise<void>;
  /** Removes all fields, as {@link replace} by none does. */
  clear(assetId: string, limits?: CallLimits): Promise<void>;
}

export function assetMetadata(provider: () => Promise<MediaProvider>): AssetMetadataWrites {
  const write = async (assetId: string, fields: MetadataChanges, signal: AbortSignal): Promise<void> => {
    if (Object.keys(fields).length === 0) return;
    only(await (await provider()).assets.annotate([{ assetId, fields }], { signal }));
  };

  /** Fields are removed by name. A write of the whole would take a tag along that came after the asset was read. */
  const replace = async (assetId: string, fields: AssetMetadataFields, signal: AbortSignal): Promise<void> => {
    const { metadata } = await (await provider()).assets.get(assetId, { signal });
    const others = Object.keys(metadata).filter((name) => !isTagField(name) && !Object.hasOwn(fields, name));
    await write(assetId, { ...Object.fromEntries(others.map((name) => [name, null])), ...fields }, signal);
  };

  return {
    set: async (assetId, fields, limits = {}) => {
      checkFields(fields, { nullRemoves: true });
      if (Object.keys(fields).length === 0) throw new InvalidInput('metadata: name at least one field');
      return limited('set', assetId, limits, async (signal) => {
        refuseUnchangeable(await provider());
        await write(assetId, fields, signal);
      });
    },

    replace: async (assetId, fields, limits = {}) => {
      checkFields(fields, { nullRemoves: false });
      return limited('replace', assetId, limits, async (signal) => {
        refuseUnchangeable(await provider());
        await replace(assetId, fields, signal);
      });
    },

    clear: (assetId, limits = {}) =>
      limited('clear', assetId, limits, async (signal) => {
        refuseUnchangeable(await provider());
        await replace(assetId, {}, signal);
      }),
  };
}

const limited = (
  write: keyof AssetMetadataWrites,
  assetId: string,
  limits: CallLimits,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> => withLimits({ call: `assets.metadata.${write} ${assetId}`, writes: true }, limits, run);

function refuseUnchangeable({ traits }: MediaProvider): void {
  if (!traits.marksAssets) throw new InvalidInput('metadata: this provider does not change the metadata of an asset');
}

const MAX_NAME_CHARACTERS = 128;
const MAX_TEXT_CHARACTERS = 2000;
const MAX_FIELDS = 50;

const NESTED = 'must be a text, a number, true or false, or a list of texts; nested values are not kept';
const EMPTY = 'is empty, and the provider would ignore it; to remove the field, unset it or leave it out of a replace';

/** @throws InvalidInput that names every wrong field */
function checkFields(fields: unknown, { nullRemoves }: { nullRemoves: boolean }): void {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new InvalidInput('metadata: must be an object of fields');
  }
  const entries = Object.entries(fields);
  const problems = entries.flatMap(([name, value]) => {
    const ofValue = value === null && nullRemoves ? undefined : problemOfValue(value);
    const problem = problemOfName(name) ?? ofValue;
    return problem === undefined ? [] : [`${fieldOf(['metadata', name])}: ${problem}`];
  });
  if (entries.length > MAX_FIELDS) problems.push(`metadata: has more than ${MAX_FIELDS} fields`);
  if (problems.length > 0) throw new InvalidInput(problems.join('; '));
}

function problemOfName(name: string): string | undefined {
  if (isTagField(name)) return "is a field of a lifecycle's own tag, which only lifecycles write";
  if (!isWhole(name)) return HALF_A_CHARACTER;
  if (name.length > 0 && name.length <= MAX_NAME_CHARACTERS) return undefined;
  return `its name must have 1 to ${MAX_NAME_CHARACTERS} characters`;
}

function problemOfValue(value: unknown): string | undefined {
  if (value === null) return 'must not be null; leave the field out to remove it';
  if (Array.isArray(value)) {
    if (value.length === 0) return EMPTY;
    return value.map((item) => (typeof item === 'string' ? problemOfText(item) : NESTED)).find(Boolean);
  }
  if (typeof value === 'string') return value === '' ? EMPTY : problemOfText(value);
  if (typeof value === 'number') return problemOfNumber(value);
  return typeof value === 'boolean' ? undefined : NESTED;
}

function problemOfText(text: string): string | undefined {
  if (!isWhole(text)) return HALF_A_CHARACTER;
  return text.length > MAX_TEXT_CHARACTERS ? `must have at most ${MAX_TEXT_CHARACTERS} characters` : undefined;
}

function problemOfNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'is no finite number';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return 'is an integer wider than 53 bits, which would lose digits; give it as a text';
}
