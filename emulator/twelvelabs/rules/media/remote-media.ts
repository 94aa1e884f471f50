import type { MediaFacts } from '../../store/records';
import { LIMITS } from './limits';
import type { MediaLibrary } from './media-library';

/** Fetches a URL the caller gave, as the provider would; the message of a failure is made for the caller. */
export async function fetchMedia(library: MediaLibrary, url: string, signal?: AbortSignal): Promise<MediaFacts> {
  const response = await request(url, signal);
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(
      `The file could not be fetched: its URL answered ${response.status} ${response.statusText}.`.trim(),
    );
  }
  let facts: MediaFacts | undefined;
  try {
    facts = await library.receive(response.body, { limitBytes: LIMITS.urlBytes });
  } catch (error) {
    throw new Error(`The file could not be fetched: the connection broke off (${reason(error)}).`, { cause: error });
  }
  if (!facts) throw new Error('The file is larger than the limit of 4 GB.');
  if (facts.sizeBytes === 0) throw new Error('The file is empty.');
  if (facts.kind === 'image' && facts.sizeBytes > LIMITS.imageBytes) {
    throw new Error('The image is larger than the limit of 32 MB.');
  }
  return facts;
}

async function request(url: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, signal ? { signal } : {});
  } catch (error) {
    throw new Error(`The file could not be fetched: its host cannot be reached (${reason(error)}).`, { cause: error });
  }
}

/** Never the URL itself, which may be presigned. */
function reason(error: unknown): string {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? (error as NodeJS.ErrnoException).code ?? (error as Error).name;
}

export function isFetchable(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
}
