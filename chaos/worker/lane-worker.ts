import path from 'node:path';
import { packageRoot } from '../../src/stack/package-root';
import { WorkerProcess } from './worker-process';

/** The worker of a lane: it is killed, and comes up again. */
export class LaneWorker {
  private worker: WorkerProcess | undefined;
  private reviving: Promise<void> = Promise.resolve();
  private logs: string[] = [];

  private constructor(private readonly environment: NodeJS.ProcessEnv) {}

  static async start(environment: NodeJS.ProcessEnv): Promise<LaneWorker> {
    const worker = new LaneWorker(environment);
    worker.worker = await worker.startProcess();
    return worker;
  }

  /** The process is dead when this ends; another one comes up meanwhile. */
  async kill(): Promise<void> {
    await this.reviving;
    await this.worker?.kill();
    this.logs.push(this.worker?.log ?? '');
    this.reviving = this.startProcess().then((worker) => void (this.worker = worker));
  }

  /** Another process comes up, and then this one is told to stop. */
  restart(): void {
    this.reviving = this.reviving.then(async () => {
      const old = this.worker;
      this.worker = await this.startProcess();
      await old?.stop();
      this.logs.push(old?.log ?? '');
    });
  }

  /** Ends once a worker is up again. */
  async settled(): Promise<void> {
    await this.reviving;
  }

  forgetLogs(): void {
    this.logs = [];
  }

  /** Everything printed since {@link forgetLogs}, and by the process that is up. */
  get log(): string {
    return [...this.logs, this.worker?.log ?? ''].join('');
  }

  async close(): Promise<void> {
    await this.reviving.catch(() => {});
    await this.worker?.kill();
  }

  private startProcess(): Promise<WorkerProcess> {
    return WorkerProcess.start([path.join(packageRoot(), 'dist/chaos/worker/worker.js')], this.environment);
  }
}
