import { Client, Connection, type ClientOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { wordsOf } from '../temporal/grpc-errors';
import { InvalidInput, TemporalRefused } from './errors';
import { temporalError, unreachable } from './temporal-errors';

/**
 * Connects as Temporal's own tools do: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`,
 * or the profile `TEMPORAL_PROFILE` of the configuration file.
 * @throws TemporalUnreachable · TemporalRefused, naming the address · InvalidInput for settings that cannot be read.
 */
export async function connectTemporal(): Promise<{
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
}> {
  const { connectionOptions, namespace, address } = temporalSettings();
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
    return { client: new Client({ connection, namespace } satisfies ClientOptions), connection, address, namespace };
  } catch (error) {
    throw connectError(error, address);
  }
}

/** Where Temporal's own variables and configuration file say that the server is. @throws InvalidInput */
export function temporalSettings() {
  try {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
    return { connectionOptions, namespace, address: connectionOptions.address ?? 'localhost:7233' };
  } catch (error) {
    throw new InvalidInput(`Temporal's settings (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE, …): ${wordsOf(error)}`, {
      cause: error,
    });
  }
}

/** Why no connection could be made: no answer, or a refusal. */
export function connectError(error: unknown, address: string): Error {
  const known = temporalError(error, { address });
  return known instanceof TemporalRefused ? known : unreachable(address, error);
}

/** Connects to a server at a known address, such as a local one. */
export async function connectTo({ address, namespace }: { address: string; namespace: string }) {
  const connection = await Connection.connect({ address });
  return { client: new Client({ connection, namespace }), connection, address, namespace };
}
