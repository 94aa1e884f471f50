import { z } from 'zod';
import { signatureParameter } from './checks/signed-url';

const hasControlCharacter = (text: string): boolean => /\p{Cc}/u.test(text);

/** Why a text is not an http(s) URL without credentials; `undefined` if it is. WHATWG rules, with a full host name. */
function urlProblem(text: string): string | undefined {
  const shape = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text);
  if (!shape) return 'must be an absolute URL such as https://example.com/video.mp4';
  const [, scheme = '', authority = ''] = shape;
  if (!/^https?$/i.test(scheme)) return `must start with http:// or https://, not ${scheme.toLowerCase()}:`;
  if (authority.includes('@')) return 'must not carry a user name or password';
  if (authority === '' || /\s/.test(text) || hasControlCharacter(text) || !URL.canParse(text)) {
    return 'must be a valid URL with a host';
  }
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

export const UrlSourceSchema = z
  .strictObject({
    type: z.literal('url'),
    /** Fetched by the provider, never by this service. */
    url: z
      .string()
      .max(4096)
      .superRefine((url, context) => {
        const problem = urlProblem(url);
        if (problem) context.addIssue({ code: 'custom', message: problem });
      }),
    /** Allows a presigned URL, which can then be read in Temporal's history until it expires. */
    allowSignedUrl: z.boolean().optional(),
  })
  .superRefine(({ url, allowSignedUrl }, context) => {
    const message = allowSignedUrl === true ? undefined : presignedProblem(url);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['url'], message });
  });

/** Why a presigned URL is not taken; `undefined` for any other text. */
export function presignedProblem(url: string): string | undefined {
  const parameter = signatureParameter(url);
  if (parameter === undefined) return undefined;
  return (
    `is a presigned URL (${parameter}), which would stand in Temporal's history; name the object as an "s3" ` +
    'source, or accept that with "allowSignedUrl": true in the source (--allow-signed-url)'
  );
}

/** Why a bucket name is invalid, by the rules for general purpose buckets; S3-compatible servers follow them too. */
function bucketProblem(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return 'must be a bucket name of 3 to 63 characters';
  if (!/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name)) {
    return 'must be a bucket name: lower-case letters, digits, "-" and ".", with a letter or digit at both ends';
  }
  if (name.includes('..')) return 'must not have two dots side by side';
  return /^\d+\.\d+\.\d+\.\d+$/.test(name) ? 'must be a bucket name, not an IP address' : undefined;
}

export const BucketSchema = z.string().superRefine((name, context) => {
  const problem = bucketProblem(name);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

export const S3SourceSchema = z.strictObject({
  type: z.literal('s3'),
  bucket: BucketSchema,
  /** Used unchanged: nothing in it is decoded. */
  key: z
    .string()
    .min(1)
    .max(1024)
    .refine((key) => !hasControlCharacter(key), 'must not contain control characters'),
  /** Version of the object; default: the newest. */
  versionId: z
    .string()
    .max(1024)
    .regex(/^[\x21-\x7e]+$/, 'must be a version id: visible ASCII characters without spaces')
    .optional(),
});

export const AssetSourceSchema = z.strictObject({
  type: z.literal('asset'),
  /** An existing asset. It is adopted, and deleted only by force. */
  assetId: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[\w.-]+$/, 'must be an asset id (letters, digits, "_", "-", ".")'),
});

/** Where the bytes come from. */
export const SourceSchema = z.discriminatedUnion(
  'type',
  [FileSourceSchema, UrlSourceSchema, S3SourceSchema, AssetSourceSchema],
  { error: (issue) => (issue.code === 'invalid_union' ? 'must be "file", "url", "s3" or "asset"' : undefined) },
);
export type Source = z.output<typeof SourceSchema>;
export type S3Source = z.output<typeof S3SourceSchema>;
export type FileSource = z.output<typeof FileSourceSchema>;
