import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { deleteAsset, type AssetDeletion } from './delete-asset';

/** Deletes what a late or repeated create made beside the lifecycle's own asset; what others use is kept. */
export async function removeSurplus(
  deletion: Pick<AssetDeletion, 'deps' | 'provider' | 'workflowId' | 'signal'>,
  ids: readonly string[],
): Promise<ReceiptEntry[]> {
  const entries: ReceiptEntry[] = [];
  for (const id of ids) {
    const ending = await deleteAsset(id, deletion);
    const because = `a surplus: a create took effect twice, or too late`;
    entries.push({
      resource: 'asset',
      id,
      ...ending,
      because: ending.result === 'deleted' ? because : `${because}; ${ending.because}`,
      at: new Date().toISOString(),
    });
  }
  return entries;
}
