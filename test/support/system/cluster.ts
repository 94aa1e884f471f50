import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ClusterPrograms } from '../../../scripts/cluster/cluster-programs';
import { TemporalCluster } from '../../../scripts/cluster/temporal-cluster';
import { cli, type CliResult } from '../cli';
import { quickRetriesWorker } from '../workflow-bundles/quick-retries-worker';
import { System } from './system';

/** A system whose Temporal server runs on PostgreSQL, with a prepared namespace, and whose worker soon tries again. */
export class ClusterSystem {
  private constructor(
    readonly cluster: TemporalCluster,
    readonly system: System,
    /** What `setup` said. */
    readonly prepared: CliResult,
  ) {}

  static async start(): Promise<ClusterSystem> {
    const file = path.resolve(__dirname, '../../../dist/cluster-programs.json'); // written by prepare-cluster
    const cluster = await TemporalCluster.start(JSON.parse(readFileSync(file, 'utf8')) as ClusterPrograms);
    try {
      const prepared = await cli(['setup'], { TEMPORAL_ADDRESS: cluster.address });
      const system = await System.start({ processing: { baseMs: 100, msPerMegabyte: 0 } }, cluster);
      await system.worker?.stop();
      system.program = await quickRetriesWorker(system.folder);
      await system.startWorker();
      return new ClusterSystem(cluster, system, prepared);
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  async restartWorker(): Promise<void> {
    await this.system.worker?.kill();
    await this.system.startWorker();
  }

  async close(): Promise<void> {
    await this.system.close();
    await this.cluster.close();
  }
}
