import type { ReleaseAssetInput } from '../../contracts/activities';
import { failure } from '../../contracts/failures';
import { BEATS } from '../lib/activity-call';
import { createReleaseAsset } from '../ownership/release-asset';
import { nextStepOf, onItsWay, tagOf, type ItemStep, type ItemTurn } from './item-step';

const RELEASES_AT_ONCE = 16;

/** Lets go of items' assets: they have completed. */
export const releaseItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'release',

  async take(turn) {
    const record = onItsWay(turn);
    const failed = record.branches?.filter(({ status }) => status === 'failed') ?? [];
    const [first] = failed;
    if (first?.error) {
      const { type, message } = first.error;
      const types = failed.map((one) => one.type).join(', ');
      const words = `${types} failed, of ${record.branches?.length} branches: ${message}`;
      throw failure(type === 'Unexpected' ? 'ProviderRejected' : type, words);
    }
    const release = record.work.released ? undefined : releaseInput(turn);
    const surplus = release ? await createReleaseAsset(turn.deps)(release) : [];
    const ended = [...(record.work.ended ?? []), ...surplus];
    const receipt = ended.length > 0 ? { policy: 'delete' as const, entries: ended } : undefined;
    const sizeBytes = record.asset?.sizeBytes ?? record.sizeBytes;
    return { ...record, phase: 'completed', outcome: 'completed', sizeBytes, receipt, work: undefined };
  },

  atOnce: () => RELEASES_AT_ONCE,
  beatMs: BEATS.write,
};

/** Input of the release; none for an adopted asset, which the item never owned. */
export function releaseInput(turn: ItemTurn): ReleaseAssetInput | undefined {
  const { asset, work } = onItsWay(turn);
  if (!asset || asset.adopted) return undefined;
  const { provider, place } = turn.input;
  const { id: assetId, filename } = asset;
  const { since, sentOnce: isAlone } = work;
  return { provider, place, assetId, as: 'completed', tag: tagOf(turn), filename, since, isAlone };
}
