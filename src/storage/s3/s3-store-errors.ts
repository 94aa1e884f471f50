import { failure } from '../../contracts/failures';
import { S3_SETUP, s3CodeOf, s3TroubleOf, type S3Trouble } from './s3-errors';

/** Retryable: the operator can repair the storage while Temporal tries again, so that no result is lost. */
export async function retryable<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const says = problemOfStore(error);
    throw says === undefined ? error : failure('ProviderUnavailable', `results: ${uri}: ${says}`);
  }
}

const SAYS: Readonly<Partial<Record<S3Trouble, string>>> = {
  ...S3_SETUP,
  noBucket: 'there is no such bucket; make it, or correct the name or the worker’s AWS_ENDPOINT_URL_S3',
  denied:
    'access is denied; allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket to the AWS credentials of ' +
    'the worker',
  unavailable: 'the storage cannot be reached or is busy',
};

/** The error in a line for the operator; `undefined` for an error that S3 did not answer with. */
export function problemOfStore(error: unknown): string | undefined {
  const trouble = s3TroubleOf(error);
  if (trouble === undefined) return undefined;
  return `${SAYS[trouble] ?? 'the storage refused the request'} (${s3CodeOf(error)})`;
}
