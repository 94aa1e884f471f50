import { failureType } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { only } from '../../providers/outcome';

/**
 * Removes the asset that a given-up session had reserved: it never got its bytes.
 * @returns what a receipt says of the session, where its id is known, and of the asset.
 */
export async function removeReserved(
  { assets }: MediaProvider,
  { sessionId, assetId }: { sessionId?: string; assetId: string },
  why: string,
  signal?: AbortSignal,
): Promise<ReceiptEntry[]> {
  const at = new Date().toISOString();
  const because = `reserved by an upload session that was given up (${why}); another takes its place`;
  const asset: ReceiptEntry = { resource: 'asset', id: assetId, result: 'deleted', because, at };
  try {
    only(await assets.remove([assetId], { force: false, signal }));
  } catch (error) {
    const type = failureType(error);
    if (type !== 'ResourceGone' && type !== 'BlockedByReferences') throw error;
    if (type === 'BlockedByReferences') {
      asset.result = 'kept';
      asset.because = `${because}; the provider refused to delete it: ${(error as Error).message}`;
    }
  }
  if (sessionId === undefined) return [asset];
  return [{ resource: 'upload-session', id: sessionId, result: 'deleted', because: why, at }, asset];
}

/** An asset and its session are made in one go. */
const SAME_MOMENT_MS = 5000;

/**
 * Whether the asset only waits for parts of a session that nobody can go on with, since its id was lost. The provider
 * does not say which asset a session is for, so that size and moment have to tell.
 */
export async function isReserved(
  { intake }: MediaProvider,
  { status, createdAt }: ProviderAsset,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (status === 'ready' || status === 'failed' || createdAt === undefined) return false;
  const apart = (at: string | undefined): number => Math.abs(Date.parse(at ?? '') - Date.parse(createdAt));
  return (await intake.parts.incomplete({ signal })).some(
    (session) => session.sizeBytes === sizeBytes && apart(session.createdAt) < SAME_MOMENT_MS,
  );
}
