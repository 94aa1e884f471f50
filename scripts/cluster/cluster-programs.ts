import type { Environment, OnProgress } from '../../src/stack/programs';
import { findPostgres, type PostgresPrograms } from './postgres-programs';
import { findServerPrograms, type ServerPrograms } from './server-programs';

/** What a cluster on this machine is made of. */
export interface ClusterPrograms {
  temporal: ServerPrograms;
  postgres: PostgresPrograms;
}

/** @throws ProgramUnavailable in one line, saying what to install. */
export const findClusterPrograms = async (
  environment: Environment,
  onProgress: OnProgress,
): Promise<ClusterPrograms> => ({
  postgres: await findPostgres(environment, onProgress),
  temporal: await findServerPrograms(environment, onProgress),
});
