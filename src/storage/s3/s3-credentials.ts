import type { S3Client } from '@aws-sdk/client-s3';
import { s3TroubleOf } from './s3-errors';

/** The worker had credentials before and cannot renew them now: the service that issues them does not answer. */
export class CredentialsRenewalError extends Error {
  override readonly name = 'CredentialsRenewalError';

  constructor() {
    super('the credentials are being renewed');
  }
}

/** Facts about the credentials of a worker, shared by its S3 clients. */
export interface CredentialHistory {
  worked: boolean;
}

/**
 * Watches the answers that a client gets. Credentials that worked before and are missing now are being renewed;
 * `onExpired` is called when S3 says that they are too old, since the client may keep those that tell no end for ever.
 */
export function watchCredentials(client: S3Client, history: CredentialHistory, onExpired: () => void): S3Client {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const output = await next(args);
        history.worked = true;
        return output;
      } catch (error) {
        const trouble = s3TroubleOf(error);
        if (trouble === 'expired') onExpired();
        throw trouble === 'credentials' && history.worked && isOfProvider(error)
          ? new CredentialsRenewalError()
          : error;
      }
    },
    { step: 'initialize', name: 'watchCredentials', priority: 'high' },
  );
  return client;
}

/** The error is not from S3; S3 would have refused the credentials. */
export const isOfProvider = (error: unknown): boolean =>
  ['CredentialsProviderError', 'TokenProviderError'].includes((error as Error).name);
