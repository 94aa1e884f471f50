import { failure } from '../../../src/contracts/failures';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { failed } from '../../../src/providers/outcome';
import { MemoryProvider } from '../memory-provider';

/**
 * A provider with places, each a memory of its own, and nothing that could be added to an asset. Outside of a place there
 * are no assets. It has no branches.
 */
export class PlacedProvider implements MediaProvider {
  readonly name: string = 'twelvelabs';
  readonly places = new Map<string, MemoryProvider>();
  readonly traits = { ...new MemoryProvider().traits, marksAssets: false };
  readonly branches = {};
  readonly intake: MediaProvider['intake'];
  readonly assets: MediaProvider['assets'];
  private readonly inside = new Map<string, MediaProvider>();

  constructor(...places: string[]) {
    for (const place of places) this.places.set(place, new MemoryProvider());
    const nowhere = new MemoryProvider();
    nowhere.call = async () => {
      throw failure('InvalidRequest', 'place: say in which');
    };
    ({ intake: this.intake, assets: this.assets } = nowhere);
  }

  memory(place: string): MemoryProvider {
    const memory = this.places.get(place);
    if (memory) return memory;
    throw failure('ResourceGone', `there is no place ${place}`);
  }

  within = (place: string): MediaProvider => {
    const memory = this.memory(place);
    const { name, traits, branches, within } = this;
    const annotate: MediaProvider['assets']['annotate'] = async (changes) =>
      changes.map(() => failed(failure('ProviderRejected', 'metadata cannot be changed')));
    const placed = this.inside.get(place) ?? {
      ...{ name, traits, branches, within, intake: memory.intake, assets: { ...memory.assets, annotate } },
      watch: (handles, options) => memory.watch(handles, options),
      close: async () => {},
    };
    this.inside.set(place, placed);
    return placed;
  };

  async *watch(): AsyncGenerator<never> {}

  async close(): Promise<void> {}
}
