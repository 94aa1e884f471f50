import { NamespaceNotFoundError } from '@temporalio/common';
import { grpcCodeOf, wordsOf } from '../temporal/grpc-errors';
import { InvalidInput, LifecycleClientError, TemporalRefused, TemporalUnreachable } from './errors';

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

/** What went wrong between this client and Temporal, in one line; `undefined` when the error is none of Temporal's. */
export function temporalError(error: unknown, place: TemporalPlace): LifecycleClientError | undefined {
  if (error instanceof LifecycleClientError) return error;
  if (error instanceof NamespaceNotFoundError) return noNamespace(place);
  const code = grpcCodeOf(error);
  if (code === undefined) return undefined;
  const words = wordsOf(error);
  const { address } = place;
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) return refused(place, words);
  if (code === NOT_FOUND && /namespace/i.test(words)) return noNamespace(place);
  if (BAD_REQUEST.has(code) || code === NOT_FOUND) {
    return new InvalidInput(`Temporal at ${address} does not take this request: ${words}`);
  }
  return unreachable(address, words);
}

export function unreachable(address: string, error: unknown): TemporalUnreachable {
  const why = typeof error === 'string' ? error : wordsOf(error);
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
