import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { run } from '../../src/stack/programs';
import type { TemporalServer } from '../../src/stack/temporal-server';
import { ChildProgram } from './child-program';
import type { ClusterPrograms } from './cluster-programs';
import { freePorts } from './free-ports';
import { DATABASE_USER, initDatabase, startPostgres } from './postgres';
import type { Duration } from '@temporalio/common';
import { DATABASES, PORTS, portsOf, serverConfig, SQL_PLUGIN, type ClusterPorts } from './server-config';

const HOST = '127.0.0.1';
const NAMESPACE_TIMEOUT_MS = 60_000;

/** The Temporal server with all its services in one process, on PostgreSQL, with one empty namespace. */
export class TemporalCluster implements TemporalServer {
  readonly namespace = 'default';
  private readonly running: { postgres?: ChildProgram; server?: ChildProgram } = {};

  private constructor(
    private readonly programs: ClusterPrograms,
    private readonly folder: string,
    private readonly ports: ClusterPorts,
  ) {}

  /** Everything lies in a temporary folder and ends with `close`, or with this process. */
  static async start(programs: ClusterPrograms): Promise<TemporalCluster> {
    const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-cluster-'));
    const cluster = new TemporalCluster(programs, folder, portsOf(await freePorts(PORTS, HOST)));
    try {
      await cluster.prepare();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  get address(): string {
    return `${HOST}:${this.ports.services.frontend.grpc}`;
  }

  /** Prometheus figures of the server. */
  get metricsUrl(): string {
    return `http://${HOST}:${this.ports.metrics}/metrics`;
  }

  get pid(): number | undefined {
    return this.running.server?.pid;
  }

  /** The server is killed, as by a crash, and started again. */
  async restartServer(): Promise<void> {
    await this.running.server?.kill();
    await this.startServer();
  }

  /** The database is killed below the running server, and started again. */
  async restartDatabase(): Promise<void> {
    await this.running.postgres?.kill();
    this.running.postgres = await this.startDatabase();
  }

  async close(): Promise<void> {
    await this.running.server?.stop();
    await this.running.postgres?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Makes a namespace, without search attributes. @param retention how long closed runs are kept. */
  async addNamespace(namespace: string, retention: Duration = '3d'): Promise<void> {
    const connection = await Connection.connect({ address: this.address });
    try {
      const deadline = Date.now() + NAMESPACE_TIMEOUT_MS;
      const request = { namespace, workflowExecutionRetentionPeriod: msToTs(retention) };
      await connection.workflowService.registerNamespace(request);
      while (!(await isKnown(connection, namespace))) {
        if (Date.now() > deadline) throw new Error(`the namespace ${namespace} is not there after a minute`);
        await delay(100);
      }
    } finally {
      await connection.close();
    }
  }

  private get dataFolder(): string {
    return path.join(this.folder, 'postgresql');
  }

  private async prepare(): Promise<void> {
    await chmod(this.folder, 0o755); // PostgreSQL may run as another user
    await initDatabase(this.programs.postgres, this.dataFolder);
    this.running.postgres = await this.startDatabase();
    for (const kind of ['default', 'visibility'] as const) await this.makeSchema(kind);
    await writeFile(path.join(this.folder, 'server.yaml'), serverConfig(this.ports));
    await this.startServer();
    await this.addNamespace(this.namespace);
  }

  private startDatabase(): Promise<ChildProgram> {
    return startPostgres(this.programs.postgres, { folder: this.dataFolder, port: this.ports.postgres });
  }

  /** The schema lies in the server's module, and so in the tool. */
  private async makeSchema(kind: keyof typeof DATABASES): Promise<void> {
    const schema = `postgresql/v12/${kind === 'default' ? 'temporal' : 'visibility'}`;
    const tool = (...args: string[]): Promise<unknown> =>
      run(this.programs.temporal.sqlTool, [
        ...['--plugin', SQL_PLUGIN, '--endpoint', HOST, '--port', String(this.ports.postgres)],
        ...['--user', DATABASE_USER, '--database', DATABASES[kind], ...args],
      ]);
    await tool('create-database');
    await tool('setup-schema', '--version', '0.0');
    await tool('update-schema', '--schema-name', schema);
  }

  private async startServer(): Promise<void> {
    this.running.server = await ChildProgram.start({
      name: 'the Temporal server',
      file: this.programs.temporal.server,
      args: ['--config-file', path.join(this.folder, 'server.yaml'), '--allow-no-auth', 'start'],
      environment: { PATH: process.env.PATH },
      cwd: this.folder,
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      isReady: () => this.answers(),
    });
  }

  private async answers(): Promise<boolean> {
    try {
      const connection = await Connection.connect({ address: this.address, connectTimeout: '1s' });
      try {
        await connection.workflowService.listNamespaces({ pageSize: 1 });
        return true;
      } finally {
        await connection.close();
      }
    } catch {
      return false;
    }
  }
}

/** The namespace is written at once, but each service reads the table only now and then. */
async function isKnown(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query: '' });
    return true;
  } catch {
    return false;
  }
}
