import type { Emulation } from './emulation';

/** Seconds of media that a request is about, as far as they are known when it comes; a URL is not fetched for it. */
export function mediaSecOf({ store }: Emulation, body: unknown): number {
  const sources = [body, ...Object.values(body ?? {}).map((input) => (input as Input | null)?.media_source)];
  const ids = sources.map((source) => (source as { asset_id?: unknown } | null | undefined)?.asset_id);
  const asset = store.assets.get(String(ids.find((id) => typeof id === 'string') ?? ''));
  return (asset && store.mediaOf(asset)?.durationSec) ?? 0;
}

interface Input {
  media_source?: unknown;
}
