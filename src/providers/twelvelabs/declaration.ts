import { ConfigError } from '../../config-error';
import type { ProviderDeclaration } from '../provider-declaration';
import { BRANCHES } from './branches/list';
import { EnvironmentSchema, type TwelveLabsSettings } from './config';
import { contentRefusal } from './intake/content-refusal';
import { routeOf } from './intake/route';
import { FIELD_NAMES, FLAGS, NAME, inputSchema } from './input';
import { PACE_LIMITS, REQUESTS_IN_PARTS, TRAITS } from './traits';

/** TwelveLabs API v1.3. */
export const twelvelabs: ProviderDeclaration<typeof NAME, TwelveLabsSettings> = {
  name: NAME,
  title: 'TwelveLabs',
  input: inputSchema,
  fields: FIELD_NAMES,
  traits: TRAITS,
  paceLimits: PACE_LIMITS,
  requestsInParts: REQUESTS_IN_PARTS,
  flags: FLAGS,
  branches: BRANCHES,
  environment: EnvironmentSchema,
  credentials: ['TWELVE_LABS_API_KEY'],
  route: routeOf,
  mediaRefusal: contentRefusal,
  baseUrl: ({ baseUrl }) => baseUrl,
  emulatorEnvironment: (origin) => ({ TWELVELABS_BASE_URL: `${origin}/v1.3` }),

  async open({ apiKey, baseUrl }, http) {
    const { createTwelveLabsProvider } = await import('./twelvelabs-provider.js');
    const { answersAsEmulator } = await import('./api/emulator-probe.js');
    if (!apiKey && !(await answersAsEmulator(baseUrl, http.proxies))) {
      throw new ConfigError(
        `TWELVE_LABS_API_KEY: not set, and ${new URL(baseUrl).host} is no emulator; set it to your API key, ` +
          'or point TWELVELABS_BASE_URL at a running "asset-lifecycle emulator"',
      );
    }
    return createTwelveLabsProvider({ apiKey: apiKey ?? 'emulator', baseUrl, ...http });
  },
};
