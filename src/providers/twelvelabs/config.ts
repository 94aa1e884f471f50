import { z } from 'zod';

/** The variables of the official SDK. */
export const ENVIRONMENT = {
  TWELVE_LABS_API_KEY: z.string().trim().optional(),
  TWELVELABS_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.twelvelabs.io/v1.3'),
};

export interface TwelveLabsSettings {
  readonly apiKey?: string;
  /** Without a slash at the end; includes the version. */
  readonly baseUrl: string;
}

export const settingsOf = (environment: z.output<z.ZodObject<typeof ENVIRONMENT>>): TwelveLabsSettings => ({
  apiKey: environment.TWELVE_LABS_API_KEY,
  baseUrl: environment.TWELVELABS_BASE_URL.replace(/\/+$/, ''),
});
