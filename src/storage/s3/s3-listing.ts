import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { failure, failureType, type FailureType } from '../../contracts/failures';
import type { ObjectListing } from '../files/source-listing';
import type { S3Access } from './s3-client';
import { S3_SETUP, s3CodeOf, s3TroubleOf, type S3Trouble } from './s3-errors';

/** Objects that the worker's AWS credentials may list. They need s3:ListBucket. */
export function createS3Listing(s3: S3Access): ObjectListing {
  return {
    async *walk({ bucket, prefix }, { after, wants, signal }) {
      const asked = {
        Bucket: bucket,
        Prefix: prefix,
        ...(after === undefined ? {} : { StartAfter: `${prefix}${after}` }),
      };
      try {
        for await (const { Contents = [] } of paginateListObjectsV2({ client: s3.client() }, asked)) {
          signal?.throwIfAborted();
          for (const { Key = '', Size = 0 } of Contents) {
            const path = Key.slice(prefix.length);
            if (isFolderMark(Key, Size) || !wants(path)) yield { path, skipped: true };
            else if (Size > 0) yield { path, sizeBytes: Size };
            else yield { path, refused: 'InvalidRequest', reason: `source.key: s3://${bucket}/${Key}: ${EMPTY}` };
          }
        }
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        throw failureOfList(`s3://${bucket}/${prefix}`, error);
      }
    },
  };
}

const EMPTY = 'the object is empty; name one with bytes in it';

/** Consoles make such objects to show a folder that holds nothing yet. */
const isFolderMark = (key: string, sizeBytes: number): boolean => key.endsWith('/') && sizeBytes === 0;

interface Verdict {
  type?: FailureType;
  field: 'bucket' | 'prefix';
  says: string;
}

const SAYS: Readonly<Partial<Record<S3Trouble, Verdict>>> = {
  noBucket: {
    field: 'bucket',
    says: 'there is no such bucket; correct it, or the worker’s AWS_ENDPOINT_URL_S3',
  },
  denied: {
    field: 'prefix',
    says: 'may not be listed; allow s3:ListBucket for it to the AWS credentials of the worker, or name its objects in a manifest',
  },
  credentials: { field: 'bucket', says: S3_SETUP.credentials },
  expired: { type: 'ProviderUnavailable', field: 'bucket', says: S3_SETUP.expired },
  region: { field: 'bucket', says: S3_SETUP.region },
  unavailable: {
    type: 'ProviderUnavailable',
    field: 'bucket',
    says: 'the storage cannot be reached or is busy',
  },
};

function failureOfList(uri: string, error: unknown): unknown {
  const trouble = s3TroubleOf(error);
  if (failureType(error) || trouble === undefined) return error;
  const refusal: Verdict = { field: 'prefix', says: 'the storage refused to list it' };
  const { type = 'InvalidRequest', field, says } = SAYS[trouble] ?? refusal;
  return failure(type, `items.${field}: ${uri}: ${says} (${s3CodeOf(error)})`);
}
