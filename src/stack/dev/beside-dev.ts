import path from 'node:path';
import type { ProviderName } from '../../contracts/ids';
import type { ProviderDeclaration } from '../../providers/provider-declaration';
import { PROVIDERS, type Registry } from '../../providers/registry';
import type { Environment } from '../programs';
import { DEV_FOLDER, devRecordFile, isRunning, readDevRecord, type Served } from './dev-record';
import { emulatorSettings } from './emulator-settings';

/** Where a command finds its Temporal server and its providers. */
export interface Surroundings {
  /** Variables that are not set in it are those of a `dev` in this folder. */
  environment: Environment;
  /** The server of that `dev`; absent where Temporal's own settings count. */
  temporal?: { address: string; namespace: string };
  /** One line that says what comes from the `dev`; absent if nothing does. */
  notice?: string;
}

/** What a command talks to. A worker joins the two, so it takes both from the `dev` or neither. */
export type Needs = 'temporal' | 'provider' | 'worker';

export interface SurroundingsOptions {
  folder?: string;
  registry?: Registry;
  /** The only provider that the command talks to; default: all. */
  provider?: ProviderName;
}

/** Any of these says which Temporal server is meant. */
const TEMPORAL_CHOSEN_BY = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'] as const;
const RESULTS = 'ASSET_LIFECYCLE_RESULTS';

/**
 * Completes an environment by what a `dev` serves that runs in the folder. A variable that is set wins, each by itself,
 * with two exceptions: beside a `dev`, a provider's address that is not set means its emulator, which never gets the
 * user's own credentials; and a worker that is sent to another Temporal server takes nothing from the `dev`, as it would
 * lead real lifecycles to an emulator.
 */
export async function surroundings(
  environment: Environment,
  needs: Needs,
  { folder = process.cwd(), registry = PROVIDERS, provider }: SurroundingsOptions = {},
): Promise<Surroundings> {
  const record = await readDevRecord(devRecordFile(path.join(folder, DEV_FOLDER)));
  const served = record?.served;
  if (!served || !(await isRunning(record))) return { environment };
  const temporal = needs === 'provider' ? undefined : temporalOf(served, environment);
  const isElsewhere = !temporal && environment.TEMPORAL_ADDRESS !== served.temporal?.address;
  const asked = provider === undefined ? registry : registry.filter(({ name }) => name === provider);
  const taken =
    needs === 'temporal' || (needs === 'worker' && isElsewhere) ? {} : ofProviders(served, environment, asked);
  if (needs === 'worker' && !isElsewhere && !environment[RESULTS]) taken[RESULTS] = served.results;
  const said = Object.entries({ ...(temporal && { TEMPORAL_ADDRESS: temporal.address }), ...taken });
  if (said.length === 0) return { environment };
  const notice = `using the dev of this folder: ${said.map(([name, value]) => `${name}=${shortened(value)}`).join(' ')}`;
  return { environment: { ...environment, ...taken }, temporal, notice };
}

/** A provider may want even its emulator's credentials as long as real ones. */
const MOST_SHOWN = 80;
const SHOWN_OF_LONG = 20;

const shortened = (value: string): string => (value.length > MOST_SHOWN ? `${value.slice(0, SHOWN_OF_LONG)}…` : value);

function temporalOf({ temporal }: Served, environment: Environment): Surroundings['temporal'] {
  if (!temporal || TEMPORAL_CHOSEN_BY.some((name) => environment[name])) return undefined;
  return { address: temporal.address, namespace: environment.TEMPORAL_NAMESPACE || temporal.namespace };
}

function ofProviders({ emulators }: Served, environment: Environment, asked: readonly ProviderDeclaration[]) {
  const taken: Record<string, string> = {};
  for (const declaration of asked) {
    const origin = emulators[declaration.name];
    if (origin !== undefined) Object.assign(taken, ofProvider(declaration, origin, environment));
  }
  return taken;
}

/** The credentials go with the addresses: they are the emulator's unless somebody set an address. */
function ofProvider(declaration: ProviderDeclaration, origin: string, environment: Environment) {
  const settings = Object.entries(emulatorSettings(declaration, origin));
  const isCredential = (name: string): boolean => declaration.credentials.includes(name);
  const isElsewhere = settings.some(([name]) => !isCredential(name) && environment[name]);
  return Object.fromEntries(settings.filter(([name]) => (isCredential(name) ? !isElsewhere : !environment[name])));
}
