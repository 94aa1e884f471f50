import path from 'node:path';
import { packageRoot } from '../../src/stack/package-root';
import { WorkerProcess } from './worker-process';

/** The worker of a lane: it is killed, and comes up again. */
export class LaneWorker {
  /** Two while one takes the place of the other. */
  private readonly up = new Set<WorkerProcess>();
  private reviving: Promise<void> = Promise.resolve();
  private logs: string[] = [];

  private constructor(private readonly environment: NodeJS.ProcessEnv) {}

  static async start(environment: NodeJS.ProcessEnv): Promise<LaneWorker> {
    const worker = new LaneWorker(environment);
    await worker.startProcess();
    return worker;
  }

  /** Those that are up are dead when this ends, also one that was ending; another one comes up meanwhile. */
  async kill(): Promise<void> {
    if (this.up.size === 0) await this.reviving;
    await Promise.all([...this.up].map((one) => this.end(one, 'kill')));
    this.reviving = this.reviving.then(async () => {
      if (this.up.size === 0) await this.startProcess();
    });
  }

  /** Another process comes up, and then this one is told to stop. */
  restart(): void {
    this.reviving = this.reviving.then(async () => {
      const before = [...this.up];
      await this.startProcess();
      await Promise.all(before.map((one) => this.end(one, 'stop')));
    });
  }

  /** Ends once a worker is up again. */
  async settled(): Promise<void> {
    await this.reviving;
  }

  forgetLogs(): void {
    this.logs = [];
  }

  /** Everything printed since {@link forgetLogs}, and by the processes that are up. */
  get log(): string {
    return [...this.logs, ...[...this.up].map(({ log }) => log)].join('');
  }

  async close(): Promise<void> {
    await this.reviving.catch(() => {});
    await Promise.all([...this.up].map((one) => one.kill()));
  }

  private async end(one: WorkerProcess, how: 'kill' | 'stop'): Promise<void> {
    await one[how]();
    if (this.up.delete(one)) this.logs.push(one.log);
  }

  private async startProcess(): Promise<void> {
    const main = path.join(packageRoot(), 'dist/chaos/worker/worker.js');
    this.up.add(await WorkerProcess.start([main], this.environment));
  }
}
