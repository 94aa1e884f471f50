import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import { PROVIDERS } from '../../src/providers/registry';
import { startTemporalServer, type TemporalServer } from '../../src/stack/temporal-server';
import { startBenchCluster } from './bench-cluster';

const MAIN = path.join(__dirname, '../../src/cli/main.js');

/** Server, emulator and worker, each a process of its own as in production, so that each can be measured. */
export interface BenchSystem {
  temporal: TemporalServer;
  /** Prometheus metrics of the server. */
  metricsUrl: string;
  client: Client;
  control: EmulatorControl;
  environment: NodeJS.ProcessEnv;
  folder: string;
  /** @param command what Node runs in place of the product's worker. */
  startWorker(changes?: NodeJS.ProcessEnv, command?: readonly string[]): Promise<BenchProcess>;
  close(): Promise<void>;
}

export interface BenchOptions {
  emulatorFlags?: readonly string[];
  /** A Temporal server on PostgreSQL instead of the dev server. */
  cluster?: boolean;
}

export async function startBenchSystem(
  environment: NodeJS.ProcessEnv,
  { emulatorFlags = [], cluster = false }: BenchOptions = {},
): Promise<BenchSystem> {
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-bench-'));
  const { temporal, metricsUrl } = await startServer(environment, cluster);
  const flags = ['--port', '0', '--processing-ms', '0', '--json', ...emulatorFlags];
  const emulator = await BenchProcess.start([MAIN, 'emulator', ...flags], environment);
  const { url, controlUrl } = JSON.parse(emulator.output.trim().split('\n').at(-1) ?? '{}') as Record<string, string>;
  const connection = await Connection.connect({ address: temporal.address });
  const workers: BenchProcess[] = [];
  const forWorker: NodeJS.ProcessEnv = {
    ...environment,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ...PROVIDERS[0].emulatorEnvironment(new URL(url ?? '').origin),
    ASSET_LIFECYCLE_SOURCE_ROOTS: [path.resolve(__dirname, '../../../samples'), folder].join(path.delimiter),
    ASSET_LIFECYCLE_RESULTS: path.join(folder, 'results'),
  };
  return {
    temporal,
    metricsUrl,
    client: new Client({ connection, namespace: temporal.namespace }),
    control: new EmulatorControl(controlUrl ?? ''),
    environment: forWorker,
    folder,
    async startWorker(changes = {}, command = [MAIN, 'worker']) {
      const worker = await BenchProcess.start(command, { ...forWorker, ...changes });
      workers.push(worker);
      return worker;
    },
    async close() {
      for (const worker of workers) await worker.stop();
      await connection.close();
      await emulator.stop();
      await temporal.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(
  environment: NodeJS.ProcessEnv,
  cluster: boolean,
): Promise<Pick<BenchSystem, 'temporal' | 'metricsUrl'>> {
  if (cluster) {
    const temporal = await startBenchCluster(environment);
    return { temporal, metricsUrl: temporal.metricsUrl };
  }
  const metricsPort = await freePort();
  const temporal = await startTemporalServer({ onProgress: (line) => console.error(line), environment, metricsPort });
  return { temporal, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

/** A program in its own process, whose resident memory and writes can be read. */
export class BenchProcess {
  output = '';

  private constructor(private readonly child: ChildProcess) {}

  /** @param command what Node is to run; it says that it is ready. */
  static async start(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<BenchProcess> {
    const child = spawn(process.execPath, [...command], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = new BenchProcess(child);
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        started.output += chunk.toString();
        if (/ready|"url"/.test(started.output)) resolve();
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', (code) => reject(new Error(`${command.join(' ')} ended with ${code}: ${started.output}`)));
    });
    return started;
  }

  /** Resident set size in bytes (Linux). */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  /** Bytes that it has caused to be written to disks (Linux). */
  async writtenBytes(): Promise<number> {
    const io = await readFile(`/proc/${this.child.pid}/io`, 'utf8');
    return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? Number.NaN);
  }

  /** SIGKILL: no chance to hand anything back. */
  kill = (): Promise<void> => this.end('SIGKILL');

  stop = (): Promise<void> => this.end('SIGTERM');

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}
