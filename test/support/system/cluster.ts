import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ClusterPrograms } from '../../../scripts/cluster/cluster-programs';
import { TemporalCluster } from '../../../scripts/cluster/temporal-cluster';

/** A Temporal server on PostgreSQL, with an empty namespace. */
export function startTestCluster(): Promise<TemporalCluster> {
  const file = path.resolve(__dirname, '../../../dist/cluster-programs.json'); // written by prepare-cluster
  return TemporalCluster.start(JSON.parse(readFileSync(file, 'utf8')) as ClusterPrograms);
}
