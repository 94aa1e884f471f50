import { Client, Connection, type ClientOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { directIfLocal } from '../temporal/direct-connection';
import { TemporalUnreachable } from './errors';

/**
 * Connects as Temporal's own tools do: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`,
 * or the profile `TEMPORAL_PROFILE` of the configuration file.
 * @throws TemporalUnreachable naming the address.
 */
export async function connectTemporal(): Promise<{
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
}> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  try {
    const connection = await Connection.connect({
      ...connectionOptions,
      ...directIfLocal(address),
      connectTimeout: '5s',
    });
    return { client: new Client({ connection, namespace } satisfies ClientOptions), connection, address, namespace };
  } catch (error) {
    throw unreachable(address, error);
  }
}

export function unreachable(address: string, error: unknown): TemporalUnreachable {
  const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return new TemporalUnreachable(
    `no Temporal server answers at ${address} (${why}); start one with "asset-lifecycle dev", or set TEMPORAL_ADDRESS`,
  );
}

/** Connects to a server at a known address, such as a local one. */
export async function connectTo({ address, namespace }: { address: string; namespace: string }) {
  const connection = await Connection.connect({ address, ...directIfLocal(address) });
  return { client: new Client({ connection, namespace }), connection, address, namespace };
}
