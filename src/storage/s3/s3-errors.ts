import type { ApplicationFailure } from '@temporalio/common';
import { failure, failureType, type FailureType } from '../../contracts/failures';
import type { S3Source } from '../../contracts/source';
import { s3TroubleOfAnswer, type S3Trouble } from './s3-codes';

export type { S3Trouble };

interface SdkError {
  name?: string;
  code?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number };
}

/** Classifies an error by its code, else by its status; `undefined` when S3 did not answer with it: a bug. */
export function s3TroubleOf(error: unknown): S3Trouble | undefined {
  const { name = '', code, message = '', $metadata } = error as SdkError;
  const told = s3TroubleOfAnswer(name, $metadata?.httpStatusCode);
  if (told) return told;
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
export const S3_SETUP: Readonly<Record<'credentials' | 'expired' | 'region', string>> = {
  credentials:
    'the AWS credentials of the worker are missing, wrong or expired; give it AWS_PROFILE, AWS_ACCESS_KEY_ID and ' +
    'AWS_SECRET_ACCESS_KEY, or a role (the standard credential chain)',
  expired:
    'the AWS credentials of the worker have expired, or are being renewed; it goes on once they are (a token from the ' +
    'environment is renewed by starting the worker again)',
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
  expired: { type: 'ProviderUnavailable', field: 'bucket', says: S3_SETUP.expired },
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
 * Maps the error of a request for a source to a failure; an error that S3 did not answer with stays as it is.
 * @param reading the object was there before: if it is missing now, it has changed.
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
