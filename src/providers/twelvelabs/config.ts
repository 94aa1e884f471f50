import { z } from 'zod';

export interface TwelveLabsSettings {
  readonly apiKey?: string;
  /** Without a slash at the end; includes the version. */
  readonly baseUrl: string;
}

/** Environment variables; the names are those of the official SDK. */
export const EnvironmentSchema = z
  .object({
    TWELVE_LABS_API_KEY: z.string().trim().optional(),
    TWELVELABS_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.twelvelabs.io/v1.3'),
  })
  .transform(({ TWELVE_LABS_API_KEY: apiKey, TWELVELABS_BASE_URL: baseUrl }): TwelveLabsSettings => ({
    apiKey,
    baseUrl: baseUrl.replace(/\/+$/, ''),
  }));
