import { setTimeout as delay } from 'node:timers/promises';
import type { AssetRecord } from '../../store/records';
import type { UploadRecord } from '../../store/upload-records';
import { takeIn } from '../assets';
import type { Emulation } from '../emulation';
import { LIMITS } from '../media/limits';
import { failNow } from '../progress';
import { factsOfHashes } from './hashed-media';
import { PartedFile } from './parted-file';
import { partsInOrder } from './status';

/** How long a report waits for the content to be inspected; enough for the files of tests. */
const WAIT_MS = 5000;

/** All parts are in: the session is done, and its asset is processed as any other from now on. */
export async function completeUpload(emulation: Emulation, upload: UploadRecord): Promise<void> {
  const now = emulation.clock.now();
  upload.completedAt = now;
  const asset = emulation.store.assets.get(upload.assetId);
  if (!asset) return;
  asset.progress = { startedAt: now, endsAt: null };
  await Promise.race([lookInto(emulation, upload, asset), delay(WAIT_MS, undefined, { ref: false })]);
}

/** Also called after a restart, for looks that it broke off. @returns when what the parts are is known. */
export async function lookInto(emulation: Emulation, upload: UploadRecord, asset: AssetRecord): Promise<void> {
  const { store, library, parts, background } = emulation;
  if (upload.partBytes === 'hash') {
    const media = factsOfHashes(upload, emulation.settings.uploads);
    store.media.set(media.sha256, media);
    takeIn(emulation, asset, media, upload.completedAt);
    return;
  }
  await background.start(asset.id, async (signal) => {
    const file = new PartedFile(upload, partsInOrder(upload), (name) => parts.file(upload.id, name));
    try {
      const media = await library.look(file, signal);
      if (asset.progress.endsAt !== null) return; // failed by hand meanwhile
      takeIn(emulation, asset, media, upload.completedAt);
      if (media.kind === 'image' && media.sizeBytes > LIMITS.imageBytes) {
        failNow(emulation, asset.progress, 'The image is larger than the limit of 32 MB.');
      }
    } catch (error) {
      if (signal.aborted) return;
      failNow(emulation, asset.progress, `The parts could not be read: ${(error as Error).message}`);
    } finally {
      await file.close();
    }
    parts.discard(upload.id);
    store.changed();
  });
}
