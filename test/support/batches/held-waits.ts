import type { Handle } from '../../../src/contracts/branches/handle';
import type { BatchPlace } from './batch-place';

/** From now on no wait ends by itself; gives what lets those go that wait for the given assets. */
export function holdWaits(place: BatchPlace): {
  ready: (handle: (id: string) => boolean) => void;
  waiting: () => number;
} {
  const { watcher, provider } = place.deps.accounts.twelvelabs ?? {};
  if (!watcher || !provider) throw new Error('no account');
  const waits = new Map<string, () => void>();
  watcher.until = (handle: Handle, options) =>
    new Promise((resolve, reject) => {
      waits.set(handle.id, () => {
        waits.delete(handle.id);
        void provider.assets.get(handle.id).then((asset) => resolve({ handle, state: 'ready', asset }));
      });
      options?.signal?.addEventListener('abort', () => {
        waits.delete(handle.id);
        reject(new Error('left'));
      });
    });
  return {
    ready: (isSo) => [...waits].forEach(([id, end]) => isSo(id) && end()),
    waiting: () => waits.size,
  };
}
