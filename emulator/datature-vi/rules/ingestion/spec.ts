import { z } from 'zod';
import { ApiError } from '../../../shared/server/api-error';
import type { SessionFile } from '../../store/records';
import type { Emulation } from '../emulation';
import { invalid, parse } from '../errors';
import { FilenameSchema } from '../filenames';
import { kindOfMime } from '../formats';

const INT32 = 2 ** 31;

const FileSchema = z.object({
  filename: FilenameSchema,
  kind: z.enum(['Image', 'Video']),
  mime: z.string().min(1),
  size: z.number().int().min(0),
  crc32c: z
    .number()
    .int()
    .min(-INT32)
    .max(INT32 - 1)
    .nullish(),
  customMetadata: z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()])).nullish(),
});

const SessionSchema = z.object({
  spec: z.object({
    kind: z.literal('Upload'),
    failureMode: z.enum(['FailAfterOne', 'FailAfterAll']).default('FailAfterOne'),
    onAssetOverwritten: z
      .enum(['RemoveLinkedResource', 'KeepLinkedResource', 'KeepLinkedResources'])
      .default('RemoveLinkedResource'),
    assets: z.array(FileSchema),
  }),
});

/** What a session is asked to do. */
export interface WantedSession {
  failureMode: 'FailAfterOne' | 'FailAfterAll';
  keepsAnnotations: boolean;
  files: Omit<SessionFile, 'expiresAt'>[];
}

/** @throws ApiError for whatever the SDK's own types rule out */
export function wantedSession({ settings }: Emulation, body: unknown): WantedSession {
  const { failureMode, onAssetOverwritten, assets } = parse(SessionSchema, body).spec;
  const most = settings.vi.assetsPerSession;
  if (assets.length > most) throw new ApiError(413, 'TooManyAssets', `A session takes at most ${most} assets.`);
  return {
    failureMode,
    keepsAnnotations: onAssetOverwritten !== 'RemoveLinkedResource',
    files: assets.map(checkedFile),
  };
}

function checkedFile(file: z.output<typeof FileSchema>): Omit<SessionFile, 'expiresAt'> {
  const { filename, kind, mime, size, crc32c = null, customMetadata = null } = file;
  const kindIs = kindOfMime(mime);
  if (!kindIs) throw invalid(`${filename}: the MIME type ${mime} is not supported.`);
  if (kindIs !== kind) throw invalid(`${filename}: the MIME type ${mime} is not one of kind ${kind}.`);
  return { filename, kind, mime, size, crc32c, customMetadata };
}
