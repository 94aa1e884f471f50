/** Parameters that only a presigned URL has: S3, Google Cloud Storage, Alibaba OSS. Compared in lower case. */
const SIGNING_PARAMETERS: ReadonlySet<string> = new Set([
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'x-goog-signature',
  'x-goog-credential',
  'googleaccessid',
  'x-oss-signature',
]);

/** Parameters with common names: they mean a signature only together with one of `beside`. */
const SIGNING_PAIRS: readonly (readonly [name: string, beside: readonly string[]])[] = [
  ['signature', ['key-pair-id', 'awsaccesskeyid', 'ossaccesskeyid']], // CloudFront, S3 version 2, OSS
  ['sig', ['se', 'sv', 'sp']], // Azure shared access signature
];

/** The parameter that shows a URL to be presigned; `undefined` if it is not, or is no URL. */
export function signatureParameter(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const names = [...new URL(url).searchParams.keys()];
  const lower = new Set(names.map((name) => name.toLowerCase()));
  return names.find((name) => {
    const known = name.toLowerCase();
    return (
      SIGNING_PARAMETERS.has(known) ||
      SIGNING_PAIRS.some(([one, beside]) => one === known && beside.some((other) => lower.has(other)))
    );
  });
}
