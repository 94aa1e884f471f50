import type { ProviderDeclaration } from '../../providers/provider-declaration';

/** Variables that make a worker use the emulator at that origin; the user's own credentials never reach it. */
export const emulatorSettings = (declaration: ProviderDeclaration, origin: string): Record<string, string> => ({
  ...Object.fromEntries(declaration.credentials.map((name) => [name, 'emulator'])),
  ...declaration.emulatorEnvironment(origin),
});
