import type { EmulatorControl, EmulatorState } from '../../emulator/twelvelabs/control-client';
import type { ProviderFields } from '../../src/contracts/lifecycle-input';
import { TAG_FIELDS } from '../../src/contracts/resource';
import { DEFAULT_PROVIDER } from '../../src/providers/registry';
import type { ProviderName } from '../../src/contracts/ids';
import { branchInput } from '../scene-inputs';
import type { BranchKind } from '../schedules/branches';
import type { Pace } from '../../emulator/shared/traffic/traffic';
import type { Somebody } from '../somebody';
import type { PlaceState } from './evidence';

/** Where the items of a batch go, whichever provider it is. */
export interface BatchPlace {
  provider: ProviderName;
  /** Its place, at a provider that has such. */
  place?: string;
  /** Everything is gone, and branches have what they need. @returns fields of every item's input */
  prepare(branches: readonly BranchKind[]): Promise<ProviderFields>;
  /** Beside the grace. */
  sweepInput: Readonly<Record<string, unknown>>;
  state(): Promise<PlaceState>;
  setPace(pace: Partial<Pace>): Promise<unknown>;
  /** Milliseconds until an asset is ready. */
  setProcessing(baseMs: number): Promise<unknown>;
}

/** The account of the provider with branches. */
export const accountPlace = (control: EmulatorControl, somebody: Somebody): BatchPlace => ({
  provider: DEFAULT_PROVIDER,
  sweepInput: { provider: DEFAULT_PROVIDER },

  async prepare(branches) {
    await control.reset();
    const places = await somebody.makePlaces();
    const list = branches.map((kind) => branchInput(kind, places, {}));
    const [only = { type: 'none' }] = list;
    return { provider: DEFAULT_PROVIDER, branch: list.length > 1 ? list : only };
  },

  state: async () => stateOf(await control.state()),
  setPace: (pace) => control.setPace(pace),
  setProcessing: (baseMs) => control.setProcessing({ baseMs, msPerMegabyte: 0 }),
});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function stateOf({ assets, entities, indexedAssets }: EmulatorState): PlaceState {
  return {
    assets: assets.map(({ _id: id, user_metadata: tag, sha256 }) => ({
      id,
      sha256,
      key: textOf(tag?.[TAG_FIELDS.key]),
      workflowId: textOf(tag?.[TAG_FIELDS.workflowId]),
      runId: textOf(tag?.[TAG_FIELDS.runId]),
      released: textOf(tag?.[TAG_FIELDS.released]),
    })),
    objects: [
      ...entities.map(({ _id: id, metadata, asset_ids: assetIds }) => ({
        ...{ id, kind: 'entity', assetIds, key: textOf(metadata?.[TAG_FIELDS.key]) },
      })),
      ...indexedAssets.map(({ _id: id, user_metadata: tag, asset_id: assetId }) => ({
        ...{ id, kind: 'indexed-asset', assetIds: [assetId], key: textOf(tag?.[TAG_FIELDS.key]) },
      })),
    ],
    openSessions: [],
  };
}
