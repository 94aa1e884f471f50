import { Client, Connection, WorkflowExecutionAlreadyStartedError, type ClientOptions } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { directIfLocal } from './direct-connection';
import { grpcCodeOf, wordsOf } from './grpc-errors';
import { InvalidInput, LifecycleClientError, TemporalRefused, TemporalUnreachable } from './errors';

/**
 * Connects as Temporal's own tools do: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`,
 * or the profile `TEMPORAL_PROFILE` of the configuration file.
 * @param at a server to connect to instead, without credentials.
 * @throws TemporalUnreachable · TemporalRefused, naming the address · InvalidInput for settings that cannot be read.
 */
export async function connectTemporal(at?: Required<TemporalPlace>): Promise<{
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
}> {
  const { connectionOptions, namespace, address } = temporalSettings(at);
  try {
    const connection = await Connection.connect({
      ...connectionOptions,
      ...directIfLocal(address),
      connectTimeout: '5s',
    });
    return { client: new Client({ connection, namespace } satisfies ClientOptions), connection, address, namespace };
  } catch (error) {
    throw connectError(error, address);
  }
}

/** Where Temporal's own variables and configuration file say that the server is, unless it is `at`. @throws InvalidInput */
export function temporalSettings(at?: Required<TemporalPlace>) {
  try {
    const { connectionOptions, namespace = 'default' } = at
      ? { connectionOptions: { address: at.address }, namespace: at.namespace }
      : loadClientConnectConfig();
    return { connectionOptions, namespace, address: connectionOptions.address ?? 'localhost:7233' };
  } catch (error) {
    throw new InvalidInput(`Temporal's settings (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE, …): ${wordsOf(error)}`, {
      cause: error,
    });
  }
}

/** Error for a connection that could not be made: no answer, or a refusal. */
export function connectError(error: unknown, address: string): Error {
  const known = temporalError(error, { address });
  return known instanceof TemporalRefused ? known : unreachable(address, error);
}

/** Connects to a server at a known address, such as a local one. */
export async function connectTo({ address, namespace }: { address: string; namespace: string }) {
  const connection = await Connection.connect({ address, ...directIfLocal(address) });
  return { client: new Client({ connection, namespace }), connection, address, namespace };
}

export interface TemporalPlace {
  address: string;
  /** Absent while the connection is made, which needs none. */
  namespace?: string;
}

/** Codes of gRPC for a request that is wrong in itself. */
const BAD_REQUEST: ReadonlySet<number> = new Set([3, 6, 9, 11]); // INVALID_ARGUMENT, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/** Converts an error of Temporal into one of this client, with a message of one line; `undefined` for other errors. */
export function temporalError(error: unknown, place: TemporalPlace): LifecycleClientError | undefined {
  if (error instanceof LifecycleClientError) return error;
  if (error instanceof NamespaceNotFoundError || isOfNamespace(error)) return noNamespace(place);
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new InvalidInput(`${error.workflowId} runs already; wait for its end`);
  }
  const code = grpcCodeOf(error);
  if (code === undefined) return undefined;
  const words = wordsOf(error);
  const { address } = place;
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) return refused(place, words);
  if (BAD_REQUEST.has(code) || code === NOT_FOUND) {
    return new InvalidInput(`Temporal at ${address} does not take this request: ${words}`);
  }
  return unreachable(address, words);
}

/** For servers that send no details: reads the message. A key in the message must not match. */
const isOfNamespace = (error: unknown): boolean => /^namespace \S+ (is )?not found/i.test(wordsOf(error));

function unreachable(address: string, error: unknown): TemporalUnreachable {
  const words = typeof error === 'string' ? error : wordsOf(error);
  const why = /message: "([^"]+)"/.exec(words)?.[1] ?? words; // the native client shows its whole chain of errors
  return new TemporalUnreachable(
    `no Temporal server answers at ${address} (${why}); start one with "asset-lifecycle dev", or set TEMPORAL_ADDRESS`,
  );
}

function refused({ address, namespace }: TemporalPlace, words: string): TemporalRefused {
  const where = namespace === undefined ? '' : ` in namespace "${namespace}"`;
  return new TemporalRefused(
    `Temporal at ${address} refuses this client${where} (${words}); check TEMPORAL_API_KEY or the TLS certificate, ` +
      'and what they are allowed to do',
  );
}

const noNamespace = ({ address, namespace }: TemporalPlace): InvalidInput =>
  new InvalidInput(
    `Temporal at ${address} has no namespace "${namespace}"; set TEMPORAL_NAMESPACE to one that exists, or create it by ` +
      '"temporal operator namespace create"',
  );
