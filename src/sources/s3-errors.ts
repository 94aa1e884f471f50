import type { ApplicationFailure } from '@temporalio/common';
import { failure, failureType, type FailureType } from '../contracts/failures';
import type { S3Source } from '../contracts/source';

/** What an answer of S3, or its absence, means. */
export type S3Trouble =
  | 'noBucket'
  | 'noKey'
  | 'noVersion'
  | 'archived'
  | 'denied'
  | 'credentials'
  | 'region'
  | 'changed'
  | 'unavailable'
  | 'refused';

/** Codes of S3's error documents, and names of the SDK's own errors. */
const BY_CODE: Readonly<Record<string, S3Trouble>> = {
  NoSuchBucket: 'noBucket',
  InvalidBucketName: 'noBucket',
  NoSuchKey: 'noKey',
  KeyTooLongError: 'noKey',
  NoSuchVersion: 'noVersion',
  InvalidObjectState: 'archived',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  InvalidAccessKeyId: 'credentials',
  XAdminUserNotFound: 'credentials', // versitygw, of an unknown access key
  SignatureDoesNotMatch: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  InvalidToken: 'credentials',
  TokenRefreshRequired: 'credentials',
  RequestTimeTooSkewed: 'credentials',
  PermanentRedirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  PreconditionFailed: 'changed',
  InvalidRange: 'changed',
  RequestTimeout: 'unavailable', // a 400: the connection stood idle
  TimeoutError: 'unavailable',
};

const BY_STATUS: Readonly<Record<number, S3Trouble>> = {
  301: 'region',
  307: 'region',
  401: 'credentials',
  403: 'denied',
  404: 'noKey',
  408: 'unavailable',
  409: 'unavailable', // another write of the same key is under way
  412: 'changed',
  416: 'changed',
  429: 'unavailable',
};

interface SdkError {
  name?: string;
  code?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number };
}

/** Tells troubles apart by the code, else by the status; `undefined` for what is no answer of S3: a bug. */
export function s3TroubleOf(error: unknown): S3Trouble | undefined {
  const { name = '', code, message = '', $metadata } = error as SdkError;
  const told = BY_CODE[name];
  if (told) return told;
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status >= 300) {
    return BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'refused');
  }
  if (/^Region (is missing|not accepted)/.test(message)) return 'region';
  const system = typeof code === 'string' && /^(E[A-Z_]+|ERR_(SSL|TLS|STREAM|SOCKET)\w*)$/.test(code);
  return system ? 'unavailable' : undefined;
}

/** Code and status for a person; the error's own message may hold key ids, names and URLs, and is left out. */
export function s3CodeOf(error: unknown): string {
  const { name, code, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  const words = [code, name].filter((word) => typeof word === 'string' && /^[A-Z]\w+$/.test(word) && word !== 'Error');
  return [words[0], status].filter((part) => part !== undefined).join(', ') || 'no answer';
}

/** What the operator of the worker can do, whatever S3 is used for. */
export const S3_SETUP: Readonly<Record<'credentials' | 'region', string>> = {
  credentials:
    'the AWS credentials of the worker are missing, wrong or expired; give it AWS_PROFILE, AWS_ACCESS_KEY_ID and ' +
    'AWS_SECRET_ACCESS_KEY, or a role (the standard credential chain)',
  region: 'the bucket is in another region than the worker asks; set its AWS_REGION (and AWS_ENDPOINT_URL_S3)',
};

interface Verdict {
  type: FailureType;
  field: 'bucket' | 'key' | 'versionId';
  says: string;
}

const refusal = (field: Verdict['field'], says: string): Verdict => ({ type: 'InvalidRequest', field, says });

const OF_SOURCE: Readonly<Record<S3Trouble, Verdict>> = {
  noBucket: refusal('bucket', 'there is no such bucket; correct it, or the worker’s AWS_ENDPOINT_URL_S3'),
  noKey: refusal('key', 'there is no such object in the bucket; correct the key, which is taken as it stands'),
  noVersion: refusal('versionId', 'the object has no such version; name one that it has, or none for the newest'),
  archived: refusal('key', 'the object is archived; restore it, then start again'),
  denied: refusal(
    'key',
    'access is denied, or there is no such object; allow s3:GetObject (with a versionId s3:GetObjectVersion), and ' +
      's3:ListBucket to tell the two apart, to the AWS credentials of the worker',
  ),
  credentials: refusal('bucket', S3_SETUP.credentials),
  region: refusal('bucket', S3_SETUP.region),
  changed: {
    type: 'SourceUnreadable',
    field: 'key',
    says: 'the object changed while it was read; start again with one that rests, or name its versionId',
  },
  unavailable: { type: 'ProviderUnavailable', field: 'bucket', says: 'the storage cannot be reached or is busy' },
  refused: refusal('key', 'the storage refused the request'),
};

type Place = Pick<S3Source, 'bucket' | 'key' | 'versionId'>;

/**
 * What it means for a source that a request failed; an error that is no answer of S3 stays as it is.
 * @param reading the object had been looked at, so that one which is gone by now has changed.
 */
export function failureOfSource(place: Place, error: unknown, { reading = false } = {}): unknown {
  if (failureType(error)) return error;
  const trouble = troubleWith(place, error);
  if (trouble === undefined) return error;
  const gone = reading && (trouble === 'noKey' || trouble === 'noVersion');
  const { type, field, says } = OF_SOURCE[gone ? 'changed' : trouble];
  return failureOfObject(place, { type, field, says: `${says} (${s3CodeOf(error)})` });
}

export const failureOfObject = ({ bucket, key }: Place, { type, field, says }: Verdict): ApplicationFailure =>
  failure(type, `source.${field}: s3://${bucket}/${key}: ${says}`);

/** A malformed version id is an invalid argument; a delete marker is a version that cannot be read. */
function troubleWith({ versionId }: Place, error: unknown): S3Trouble | undefined {
  const { name, $metadata } = error as SdkError;
  const aboutVersion = name === 'InvalidArgument' || $metadata?.httpStatusCode === 405;
  return versionId !== undefined && aboutVersion ? 'noVersion' : s3TroubleOf(error);
}
