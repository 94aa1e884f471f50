import type { DatatureViControl, DatatureViState } from '../../emulator/datature-vi/control-client';
import { SettingsSchema } from '../../emulator/datature-vi/rules/settings';
import { TAG_FIELDS } from '../../src/contracts/resource';
import type { PlaceState } from './evidence';
import type { BatchPlace } from './place';

const PROVIDER = 'datature-vi';
const DATASET = 'demo';

/** A dataset of the provider that takes many files in a session. */
export const datasetPlace = (control: DatatureViControl): BatchPlace => ({
  provider: PROVIDER,
  place: DATASET,
  sweepInput: { datasetId: [DATASET] },

  async prepare() {
    await control.reset();
    await control.set(SettingsSchema.parse({}));
    return { provider: PROVIDER, datasetId: DATASET };
  },

  state: async () => stateOf(await control.state()),
  setPace: (pace) => control.setPace(pace),
  setProcessing: (baseMs) => control.setProcessing({ baseMs, msPerMegabyte: 0 }),
});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const stateOf = ({ assets, sessions }: DatatureViState): PlaceState => ({
  assets: assets.map(({ assetId: id, sha256, customMetadata: tag }) => ({
    id,
    sha256,
    key: textOf(tag[TAG_FIELDS.key]),
    workflowId: textOf(tag[TAG_FIELDS.workflowId]),
    runId: textOf(tag[TAG_FIELDS.runId]),
  })),
  objects: [],
  openSessions: sessions.flatMap(({ ended, sessionId: id, files }) =>
    ended === null ? [{ id, hasAll: files.every(({ arrived }) => arrived) }] : [],
  ),
});
