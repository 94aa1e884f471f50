import type { MediaFacts, Metadata } from '../../store/records';
import { invalid } from '../errors';
import type { Query } from '../../../shared/server/json-server';
import { one, within } from '../paging';

/** Parameters that are not filters by metadata. */
const OWN_NAMES = new Set([
  ...['page', 'page_limit', 'sort_by', 'sort_option', 'status', 'filename'],
  ...['created_at', 'updated_at', 'user_metadata'],
]);

/** The ranges `duration[gte]`, `size[lte]` and so on. */
export function hasMeasures(media: MediaFacts | undefined, query: Query): boolean {
  const measures = {
    duration: media?.durationSec,
    fps: media?.fps,
    width: media?.width,
    height: media?.height,
    size: media?.sizeBytes,
  };
  return Object.entries(measures).every(([name, value]) => within(value, query, name));
}

/** By one JSON object, as the SDKs send it, or by bare parameters, as the provider's pages show. */
export function hasMetadata(metadata: Metadata, query: Query): boolean {
  const bare = Object.keys(query)
    .filter((name) => !OWN_NAMES.has(name) && !name.includes('['))
    .map((name) => [name, one(query, name)] as const);
  const wanted = [...Object.entries(metadataIn(query)), ...bare];
  return wanted.every(([name, value]) => String(metadata[name] ?? '') === String(value));
}

function metadataIn(query: Query): Record<string, unknown> {
  const text = one(query, 'user_metadata');
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // refused below, as anything that is no object
  }
  throw invalid('The user_metadata parameter must be a JSON-encoded object.');
}
