import { z } from 'zod';

const hasControlCharacter = (text: string): boolean => /\p{Cc}/u.test(text);

/** An http(s) URL without credentials, by WHATWG rules where `URL` exists, else by shape (workflow sandbox has it too). */
function urlProblem(text: string): string | undefined {
  const shape = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text);
  if (!shape) return 'must be an absolute URL such as https://example.com/video.mp4';
  const [, scheme = '', authority = ''] = shape;
  if (!/^https?$/i.test(scheme)) return `must start with http:// or https://, not ${scheme.toLowerCase()}:`;
  if (authority.includes('@')) return 'must not carry a user name or password';
  if (authority === '' || /\s/.test(text) || hasControlCharacter(text)) return 'must be a valid URL with a host';
  return undefined;
}

export const FileSourceSchema = z.strictObject({
  type: z.literal('file'),
  /** Absolute, or relative to one of the worker's source roots. */
  path: z
    .string()
    .min(1)
    .max(4096)
    .refine((path) => !path.includes('\0'), 'must not contain a NUL character'),
});

export const UrlSourceSchema = z.strictObject({
  type: z.literal('url'),
  /** Fetched by the provider, never by this service. */
  url: z
    .string()
    .max(4096)
    .superRefine((url, context) => {
      const problem = urlProblem(url);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    }),
});

export const AssetSourceSchema = z.strictObject({
  type: z.literal('asset'),
  /** An asset that exists already; it is adopted, and deleted only by force. */
  assetId: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[\w.-]+$/, 'must be an asset id (letters, digits, "_", "-", ".")'),
});

/** Where the bytes come from. */
export const SourceSchema = z.discriminatedUnion('type', [FileSourceSchema, UrlSourceSchema, AssetSourceSchema], {
  error: (issue) => (issue.code === 'invalid_union' ? 'must be "file", "url" or "asset"' : undefined),
});
export type Source = z.output<typeof SourceSchema>;
