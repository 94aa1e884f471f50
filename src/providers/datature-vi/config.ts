import { z } from 'zod';

export interface DatatureViSettings {
  readonly secretKey?: string;
  readonly organizationId?: string;
  /** Origin of the API, without a slash at the end. */
  readonly endpoint: string;
  /** Ingestion sessions that the account opens in five minutes at most. */
  readonly sessionsPer5Minutes: number;
}

/** The official SDK drops a path from its endpoint without a word, so that the same variable would lead elsewhere. */
const isOrigin = (url: string): boolean => {
  const { pathname, search, hash, username, password } = new URL(url);
  return pathname === '/' && [search, hash, username, password].every((part) => part === '');
};

/** Environment variables; all names but the last are those of the official SDK. */
export const EnvironmentSchema = z
  .object({
    DATATURE_VI_SECRET_KEY: z.string().trim().optional(),
    DATATURE_VI_ORGANIZATION_ID: z.string().trim().optional(),
    DATATURE_VI_API_ENDPOINT: z
      .url({ protocol: /^https?$/ })
      .default('https://api.vi.datature.com/')
      .refine(isOrigin, 'must be a URL of scheme, host and port only, without a path: the official SDK drops it'),
    DATATURE_VI_SESSIONS_PER_5_MINUTES: z.coerce.number().int().min(1).max(10_000).default(5),
  })
  .transform((environment): DatatureViSettings => ({
    secretKey: environment.DATATURE_VI_SECRET_KEY || undefined,
    organizationId: environment.DATATURE_VI_ORGANIZATION_ID || undefined,
    endpoint: new URL(environment.DATATURE_VI_API_ENDPOINT).origin,
    sessionsPer5Minutes: environment.DATATURE_VI_SESSIONS_PER_5_MINUTES,
  }));
