import { createActivities } from '../../../src/activities/create-activities';
import type { ActivityDependencies } from '../../../src/activities/dependencies';
import type { Handle } from '../../../src/contracts/branches/handle';
import { callTaskQueue } from '../../../src/contracts/ids';
import { createFileSources } from '../../../src/storage/files/file-sources';
import { dependencies } from '../activity-dependencies';
import { MemoryProvider } from '../memory-provider';
import { ListingPlace } from './listing';

/** A folder of media, a store and a provider in memory, which has every asset ready at once. */
export class BatchPlace {
  readonly provider = new MemoryProvider();
  deps: ActivityDependencies;

  private constructor(readonly listing: ListingPlace) {
    const { provider } = this;
    const sources = createFileSources({ roots: [listing.media], restMs: 0 });
    const watcher = {
      until: async (handle: Handle) => ({
        handle,
        state: 'ready' as const,
        ...(handle.kind === 'asset' && { asset: await provider.assets.get(handle.id) }),
      }),
    };
    const queues = { find: async (name: string) => callTaskQueue(name) };
    const common = dependencies({ provider, sources, watcher, sourceQueues: queues });
    this.deps = { ...common, batches: { ...common.batches, access: listing.access } };
  }

  static async make(): Promise<BatchPlace> {
    return new BatchPlace(await ListingPlace.make());
  }

  /** Puts files into the folder, each with its name as content, and gives the input of a batch over it. */
  async put(files: readonly string[]) {
    await this.listing.put(Object.fromEntries(files.map((name) => [name, Buffer.from(name)])));
    return { items: { type: 'folder', path: this.listing.media }, each: { preflight: false } };
  }

  get activities() {
    return createActivities(this.deps);
  }

  close(): Promise<void> {
    return this.listing.close();
  }
}
