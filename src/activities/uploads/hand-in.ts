import type { Handle } from '../../contracts/branches/handle';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { only, SubmissionAborted } from '../../providers/outcome';
import type { OpenedParts, PartUrl } from '../../providers/part-uploads';
import type { SourceBytes } from '../../storage/files/source-bytes';
import { noteBytesMoved } from '../lib/activity-call';
import { itemCall } from '../lib/item-call';
import { noteAdoption } from '../ownership/adopt-asset';
import { leaveSession } from './leave-session';
import type { Prepared } from './prepare-submission';
import type { UploadMemory, UploadUnderWay } from './upload-memory';

interface Item {
  prepared: Prepared;
  memory: UploadMemory;
}

type HandedIn =
  | { asset: ProviderAsset; adopted?: true }
  | { pending: Handle }
  | { upload: UploadUnderWay; first: readonly PartUrl[]; bytes: SourceBytes };

/** Submits the item. The session that the provider opens for it is in the heartbeat before its first byte goes out. */
export async function handIn(
  provider: MediaProvider,
  { prepared, memory }: Item,
  signal: AbortSignal,
): Promise<HandedIn> {
  const item = { ...prepared.common, content: await prepared.content() };
  const sentBefore = memory.mayHaveSent;
  const others = itemCall()?.others;
  others?.arrive();
  const submit = async () =>
    only(
      await provider.intake.submit([item], {
        signal,
        moreToCome: others?.toCome,
        onProgress: () => noteBytesMoved(),
        onOpened: (_, pending) => enterSession(provider, memory, pending),
      }),
    );
  const submitted = await submit().catch((error: unknown) => {
    if (error instanceof SubmissionAborted && !sentBefore) memory.noteUnsent();
    throw error;
  });
  if ('asset' in submitted) {
    if (submitted.adopted) await noteAdoption(provider, submitted.asset, item.tag, signal);
    return submitted;
  }
  if ('upload' in submitted) return inParts(submitted.upload, prepared);
  const { pending, parts } = submitted;
  return parts ? inParts(parts, prepared) : { pending };
}

function inParts({ urls: first, ...opened }: OpenedParts, { common, bytes }: Prepared): HandedIn {
  if (!bytes) throw new Error(`${common.filename}: a session was opened for bytes that nobody has`);
  return { upload: { ...opened, fingerprint: bytes.fingerprint }, first, bytes };
}

/** The session of an earlier attempt is left before another one takes its place. */
async function enterSession(provider: MediaProvider, memory: UploadMemory, pending: Handle): Promise<void> {
  const { pending: before } = memory;
  if (before && before.id !== pending.id) {
    await memory.gaveUp([await leaveSession(provider, before, 'the file went into another session')]);
  }
  await memory.handsIn(pending);
}

/** A create whose answer was lost may have opened a session: cleanup must know of it, whatever comes of this attempt. */
export async function rememberOpenSession(
  { intake }: MediaProvider,
  { prepared, memory }: Item,
  signal: AbortSignal,
): Promise<void> {
  if (memory.pending) return;
  const [open] = (await intake.openFor?.(prepared.common.tag, { signal })) ?? [];
  if (open) await memory.saw(open);
}
