import type { MediaFacts, Progress } from '../store/records';
import type { Emulation } from './emulation';
import { fetchMedia } from './media/remote-media';
import { failNow } from './progress';

interface Fetched {
  id: string;
  url?: string;
  progress: Progress;
}

/** Fetches the URL of a record after its request was answered; a fetch that fails makes the record fail. */
export function fetchInto(emulation: Emulation, record: Fetched, takeIn: (media: MediaFacts) => void): void {
  const { url } = record;
  if (url === undefined) return;
  void emulation.background.start(record.id, async (signal) => {
    try {
      const media = await fetchMedia(emulation.library, url, signal);
      // The control API has failed it meanwhile.
      if (record.progress.endsAt === null) takeIn(media);
    } catch (error) {
      if (signal.aborted) return;
      failNow(emulation, record.progress, (error as Error).message);
    }
    emulation.store.changed();
  });
}
