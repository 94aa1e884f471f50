import { S3Client } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { watchCredentials, type CredentialHistory } from './s3-credentials';
import { NO_PROXIES, type ProxySettings } from '../../http/proxy-settings';
import { createAgents } from '../../http/tunnel-agents';

export interface S3Settings {
  /** Bucket in the path instead of the host name, which some S3-compatible servers need. */
  forcePathStyle: boolean;
}

/** The worker's one client. */
export interface S3Access {
  client(): S3Client;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
const SOCKETS = 64;

const silent = (): void => {};
/** The SDK prints a warning for every refused streamed write; it is dropped, since the failure says the same. */
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

/**
 * Credentials, region and endpoint come as in every AWS tool: profile or environment (`AWS_PROFILE`, `AWS_REGION`,
 * `AWS_ENDPOINT_URL_S3`, …), or the role of the machine. The client is made when it is first needed, so that a worker
 * without S3 neither looks for credentials nor prints the SDK's warnings.
 */
export function s3Access({ forcePathStyle }: S3Settings, proxies: ProxySettings = NO_PROXIES): S3Access {
  const history: CredentialHistory = { worked: false };
  const retired: S3Client[] = [];
  let made: S3Client | undefined;
  const make = (): S3Client => {
    const client = createClient(forcePathStyle, proxies);
    return watchCredentials(client, history, () => {
      if (made === client) made = undefined; // the next one asks for credentials anew
      retired.push(client); // others may still read by it
    });
  };
  return {
    client: () => (made ??= make()),
    close() {
      for (const client of retired) client.destroy();
      made?.destroy();
    },
  };
}

function createClient(forcePathStyle: boolean, proxies: ProxySettings): S3Client {
  const agents = createAgents({ maxSockets: SOCKETS, keepAlive: true }, proxies);
  return new S3Client({
    forcePathStyle,
    credentialDefaultProvider: () => defaultProvider({ ignoreCache: true }), // files that others renew are read again
    logger: SILENT,
    maxAttempts: 1, // retries are Temporal's: they wait longer, survive the worker and can be seen
    // Only the checksums that we name: many S3-compatible servers do not know the SDK's default ones.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: agents.http,
      httpsAgent: agents.https,
    },
  });
}
