/** The API key that must never be seen outside the provider's own requests. */
export const API_KEY = 'tlk_CHAOS0SECRET0KEY';
/** The same of the provider with datasets, in its form. */
export const SECRET_KEY = `dtvi_${'CHAOS0SECRET0'.repeat(8)}`.slice(0, 103);

const SECRETS: Readonly<Record<string, RegExp>> = {
  'the API key': new RegExp(`${API_KEY}|${SECRET_KEY}`),
  // of the emulator's part URLs, and of S3, Google and Azure
  'a presigned URL': /[?&](?:signature|nonce|X-Amz-Signature|X-Amz-Credential|X-Goog-Signature|sig)=[\w%+/-]{8}/i,
};

/** Secrets that a text holds. */
export const secretsIn = (text: string): string[] =>
  Object.entries(SECRETS).flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));

/**
 * A history or description from Temporal as text, with its payloads readable: in their own JSON they are base64, where
 * no secret would ever be seen.
 */
export function readableText(value: unknown): string {
  return JSON.stringify(value, (name, inner: unknown) => {
    if (typeof inner === 'bigint') return String(inner);
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString();
    if (isBuffer(inner)) return Buffer.from(inner.data).toString();
    return name === 'data' && typeof inner === 'string' ? Buffer.from(inner, 'base64').toString() : inner;
  });
}

/** `Buffer` has a `toJSON`, which comes before a replacer. */
const isBuffer = (value: unknown): value is { data: number[] } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
