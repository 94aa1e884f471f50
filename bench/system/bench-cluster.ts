import { Connection } from '@temporalio/client';
import { findClusterPrograms } from '../../scripts/cluster/cluster-programs';
import { TemporalCluster } from '../../scripts/cluster/temporal-cluster';
import { inspectNamespace } from '../../src/temporal/namespace/namespace';
import { ensureSearchAttributes } from '../../src/temporal/namespace/prepare-namespace';

/** A Temporal server on PostgreSQL instead of the dev server, with a prepared namespace. */
export async function startBenchCluster(environment: NodeJS.ProcessEnv): Promise<TemporalCluster> {
  const programs = await findClusterPrograms(environment, (line) => console.error(line));
  const cluster = await TemporalCluster.start(programs);
  const connection = await Connection.connect({ address: cluster.address });
  try {
    const state = await inspectNamespace(connection, cluster.namespace);
    await ensureSearchAttributes(connection, cluster, state);
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  } finally {
    await connection.close();
  }
}
