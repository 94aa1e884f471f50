import type { Processing } from './shared/control/control-routes';
import type { EmulatorOptions } from './twelvelabs/start-emulator';

/** A flag of the `emulator` command that only one vendor's emulator has. */
export type EmulatorFlag = {
  /** As commander takes it: `--rate-limits <plan>`. */
  flag: string;
  help: string;
} & ({ choices: readonly string[]; fallback: string } | { wholeNumberFrom: number });

export interface EmulatorStart {
  host?: string;
  /** 0: a free one. */
  port: number;
  /** Of the store that parts are put to. 0: a free one. */
  storePort?: number;
  /** Keeps the state there; without it the emulator forgets. */
  stateFolder?: string;
  processing: Processing;
  /** Values of the emulator's own flags, by name: `rateLimits`. */
  flags?: Readonly<Record<string, unknown>>;
}

export interface RunningEmulator {
  /** Of the API: `http://host:port`. */
  origin: string;
  /** Of the API, with its version. */
  url: string;
  controlUrl: string;
  /** Origin of the part URLs. */
  storeUrl: string;
  close(): Promise<void>;
}

/** An emulator that the stack can start. */
export interface EmulatorKind {
  /** Name of the provider whose API it serves. */
  name: string;
  /** As the vendor writes it. */
  title: string;
  /** Where it is started by itself; 0: a free one. */
  ports: { api: number; store: number };
  /** Ids of the places, such as data sets, that it has from the start; none where its assets have no places. */
  places: readonly string[];
  /** Flags about the store of parts, and about the rest. */
  storeFlags: readonly EmulatorFlag[];
  flags: readonly EmulatorFlag[];
  start(options: EmulatorStart): Promise<RunningEmulator>;
}

const twelvelabs: EmulatorKind = {
  name: 'twelvelabs',
  title: 'TwelveLabs',
  ports: { api: 8090, store: 0 },
  places: [],
  storeFlags: [
    { flag: '--chunk-bytes <n>', help: 'size of a part, instead of one that goes with the file', wholeNumberFrom: 1 },
    {
      flag: '--part-bytes <where>',
      help: 'hash does not keep the bytes of parts: for files too large for the disk',
      choices: ['disk', 'hash'],
      fallback: 'disk',
    },
  ],
  flags: [
    {
      flag: '--rate-limits <plan>',
      help: 'whose limits to apply',
      choices: ['off', 'free', 'tier2', 'tier3'],
      fallback: 'off',
    },
    {
      flag: '--profile <name>',
      help: 'seeds: assets as an older description has them, with "url" and the status "waiting"',
      choices: ['current', 'seeds'],
      fallback: 'current',
    },
  ],
  async start({ flags = {}, ...options }) {
    const { startEmulator } = await import('./twelvelabs/start-emulator.js');
    const { chunkBytes = null, partBytes = 'disk', rateLimits, profile } = flags as TwelveLabsFlags;
    return startEmulator({ ...options, rateLimits, profile, uploads: { chunkBytes, partBytes } });
  },
};

interface TwelveLabsFlags {
  chunkBytes?: number;
  partBytes?: 'disk' | 'hash';
  rateLimits?: EmulatorOptions['rateLimits'];
  profile?: EmulatorOptions['profile'];
}

const datatureVi: EmulatorKind = {
  name: 'datature-vi',
  title: 'Datature Vi',
  ports: { api: 8092, store: 8093 },
  places: ['demo'],
  storeFlags: [],
  flags: [
    {
      flag: '--session-limit <n>',
      help: 'ingestion sessions of Datature Vi that may be created in five minutes; default: any number',
      wholeNumberFrom: 1,
    },
  ],
  async start({ flags = {}, ...options }) {
    const { startDatatureViEmulator } = await import('./datature-vi/start-emulator.js');
    const { sessionLimit } = flags as { sessionLimit?: number };
    const settings = sessionLimit === undefined ? {} : { sessionLimit: { most: sessionLimit, windowMs: 5 * 60_000 } };
    return startDatatureViEmulator({ ...options, settings });
  },
};

type EmulatorKinds = readonly [EmulatorKind, ...EmulatorKind[]];

/** One for each provider; that of the default provider first. */
export const EMULATORS: EmulatorKinds = [twelvelabs, datatureVi];

/** Emulators that are started together: the first as asked for, each further one beside it. */
export function placesOf(
  first: EmulatorStart,
  kinds: readonly EmulatorKind[] = EMULATORS,
): { kind: EmulatorKind; options: EmulatorStart }[] {
  const beside = (port: number, at: number): number => (port === 0 ? 0 : port + 2 * at);
  return kinds.map((kind, at) => ({
    kind,
    options: {
      ...first,
      port: beside(first.port, at),
      storePort: first.storePort === undefined ? undefined : beside(first.storePort, at),
      stateFolder:
        at === 0 || first.stateFolder === undefined ? first.stateFolder : `${first.stateFolder}/${kind.name}`,
    },
  }));
}
