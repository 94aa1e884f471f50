import { ConfigError } from '../../config-error';
import type { ProviderDeclaration } from '../provider-declaration';
import { EnvironmentSchema, type DatatureViSettings } from './config';
import { contentRefusal } from './content-refusal';
import { FIELD_NAMES, FLAGS, ID, NAME, inputSchema } from './input';
import { goesAlone, routeOf } from './intake/route';
import { paceLimits, REQUESTS_IN_PARTS, TRAITS } from './api/traits';

/** Secret keys begin so, and have exactly this many characters. */
const KEY_START = 'dtvi_';
const KEY_LENGTH = 103;
/** No secret: it only has the form of a key, which the emulator and the official SDK ask for. */
const EMULATOR_KEY = `${KEY_START}${'emulator'.repeat(13)}`.slice(0, KEY_LENGTH);

/** Datature Vi: images and videos in datasets. */
export const datatureVi: ProviderDeclaration<typeof NAME, DatatureViSettings> & { placeField: 'datasetId' } = {
  name: NAME,
  title: 'Datature Vi',
  input: inputSchema,
  fields: FIELD_NAMES,
  traits: TRAITS,
  paceLimits: paceLimits(),
  limitsBy: ({ sessionsPer5Minutes }) =>
    paceLimits({ sessions: sessionsPer5Minutes, setBy: 'DATATURE_VI_SESSIONS_PER_5_MINUTES' }),
  requestsInParts: REQUESTS_IN_PARTS,
  placeField: 'datasetId',
  flags: FLAGS,
  branches: [],
  environment: EnvironmentSchema,
  credentials: ['DATATURE_VI_SECRET_KEY', 'DATATURE_VI_ORGANIZATION_ID'],
  route: routeOf,
  goesAlone,
  mediaRefusal: contentRefusal,
  baseUrl: ({ endpoint }) => endpoint,
  emulatorEnvironment: (origin) => ({
    DATATURE_VI_API_ENDPOINT: origin,
    DATATURE_VI_SECRET_KEY: EMULATOR_KEY,
    DATATURE_VI_ORGANIZATION_ID: 'emulator',
  }),

  async open({ secretKey, organizationId, endpoint, sessionsPer5Minutes }, http) {
    const { createDatatureViProvider } = await import('./datature-vi-provider.js');
    return createDatatureViProvider({
      secretKey: checkedKey(secretKey),
      organizationId: checkedOrganization(organizationId),
      ...{ endpoint, sessionsPer5Minutes, ...http },
    });
  },
};

function checkedKey(key: string | undefined): string {
  if (key === undefined)
    throw new ConfigError('DATATURE_VI_SECRET_KEY: not set; set it to the secret key of the organization');
  if (key.length === KEY_LENGTH && key.startsWith(KEY_START)) return key;
  const form = `begins with "${KEY_START}" and has ${KEY_LENGTH} characters`;
  throw new ConfigError(`DATATURE_VI_SECRET_KEY: is no secret key: one ${form}, this one has ${key.length}`);
}

function checkedOrganization(id: string | undefined): string {
  if (id === undefined) {
    throw new ConfigError(
      'DATATURE_VI_ORGANIZATION_ID: not set; set it to the id of the organization of the secret key',
    );
  }
  if (ID.test(id)) return id;
  throw new ConfigError('DATATURE_VI_ORGANIZATION_ID: must be 1 to 255 letters, digits, "_" and "-"');
}
