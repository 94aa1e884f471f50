import { z } from 'zod';
import { INGESTION_CODES } from '../store/records';

const MINUTE_MS = 60_000;

/** Where the sources about the provider are silent or disagree, and its limits. All change at once. */
export const SettingsSchema = z.strictObject({
  /** Status of the condition `Finished` of a session in which files have failed. */
  finishedWithErrors: z.enum(['Reached', 'FailedReach']).default('Reached'),
  /** Whether an asset is listed once it was processed, or only when its session has ended. */
  listed: z.enum(['when-ready', 'when-finished']).default('when-ready'),
  /** `sha256`; under any other name the hash can be compared with nothing. */
  hashAlgorithm: z.string().min(1).default('sha256'),
  /** Whether an overwritten asset keeps its id. */
  overwriteKeepsId: z.boolean().default(true),
  /** Whether a session tells its files and their URLs also when it is asked for later. */
  sessionsTellFiles: z.boolean().default(true),
  uploadUrlLifeMs: z
    .number()
    .int()
    .min(1)
    .default(60 * MINUTE_MS),
  contentUrlLifeMs: z
    .number()
    .int()
    .min(1)
    .default(60 * MINUTE_MS),
  /** Of a file that is put in parts, since its upload was begun. */
  multipartLifeMs: z
    .number()
    .int()
    .min(1)
    .default(24 * 60 * MINUTE_MS),
  partBytes: z
    .number()
    .int()
    .min(1)
    .default(64 * 1024 ** 2),
  /** Sessions that may be created in any window of that length; null: any number. */
  sessionLimit: z
    .strictObject({ most: z.number().int().min(0), windowMs: z.number().int().min(1) })
    .nullable()
    .default(null),
  /** The organization's quota: an asset takes 5 rows, an annotation 1. null: no end. */
  dataRows: z.number().int().min(0).nullable().default(null),
  assetsPerSession: z.number().int().min(1).default(5000),
});
export type Settings = z.output<typeof SettingsSchema>;

/** What is left out stays as it is. */
export const SettingsChangeSchema = SettingsSchema.partial();
export type SettingsChange = Partial<Settings>;

/** The limit that the SDK's source speaks of. */
export const SDK_SESSION_LIMIT = { most: 5, windowMs: 5 * MINUTE_MS } as const;

/** The next files of that name fail with that code when they would have become assets. */
export const FileErrorSchema = z.strictObject({
  filename: z.string().min(1),
  code: z.enum(INGESTION_CODES).default('EUNKNOWN'),
  times: z.number().int().min(1).default(1),
});
export type FileError = z.output<typeof FileErrorSchema>;
export type FileErrorInput = z.input<typeof FileErrorSchema>;
