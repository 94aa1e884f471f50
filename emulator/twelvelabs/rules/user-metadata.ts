import type { Metadata, MetadataValue } from '../store/records';
import { invalid } from './errors';

/** Checks that metadata is one flat object of texts, numbers, booleans and lists of texts. */
export function metadataObject(value: unknown, name = 'user_metadata'): Record<string, MetadataValue | null> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`The ${name} parameter must be an object.`);
  }
  for (const [key, item] of Object.entries(value))
    if (!isValue(item)) throw invalid(`${name}.${key} is not supported: ${ALLOWED}`);
  return value as Record<string, MetadataValue | null>;
}

const ALLOWED = 'a value must be a string, a number, a boolean or an array of strings.';

function isValue(item: unknown): boolean {
  if (Array.isArray(item)) return item.every((each) => typeof each === 'string');
  return item === null || ['string', 'number', 'boolean'].includes(typeof item);
}

/** The form field: the same object as JSON text. */
export function metadataText(text: string): Metadata {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The user_metadata parameter must be a JSON-encoded object.');
  }
  return replaced(metadataObject(value));
}

/** PUT and create: nulls and empty values are ignored. */
export function replaced(changes: Record<string, MetadataValue | null>): Metadata {
  return merged({}, changes);
}

/** PATCH: null deletes a key, empty values are ignored. */
export function merged(metadata: Metadata, changes: Record<string, MetadataValue | null>): Metadata {
  const result = new Map(Object.entries(metadata));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) result.delete(key);
    else if (value !== '' && !(Array.isArray(value) && value.length === 0)) result.set(key, value);
  }
  return Object.fromEntries(result);
}

export const presentMetadata = (metadata: Metadata): { user_metadata?: Metadata } =>
  Object.keys(metadata).length === 0 ? {} : { user_metadata: metadata };
