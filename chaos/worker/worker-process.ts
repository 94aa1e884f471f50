import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * A worker that takes longer to start, or to end after it was told to, hangs: it is killed, and the error says what it had
 * printed. A stop may take the grace period, 30 seconds by default.
 */
const HANGS_AFTER_MS = 90_000;

/** Those that are up: none of them outlives this process. */
const up = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of up) child.kill('SIGKILL');
});

/** A worker in a process of its own, so that it can be killed. */
export class WorkerProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly output: string[],
  ) {}

  /** @param command what Node is to run; it says `ready` when it is. */
  static async start(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<WorkerProcess> {
    const child = spawn(process.execPath, [...command], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    up.add(child);
    child.once('exit', () => up.delete(child));
    const output: string[] = [];
    const worker = new WorkerProcess(child, output);
    const ready = new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        output.push(chunk.toString());
        if (output.join('').includes('ready')) resolve();
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', (code) => reject(new Error(`the worker ended with ${code}: ${output.join('')}`)));
    });
    await worker.unlessItHangs('to start', ready);
    return worker;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Everything it has printed. */
  get log(): string {
    return this.output.join('');
  }

  /** SIGKILL: no chance to hand anything back. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      await this.unlessItHangs(`to end after ${signal}`, exited);
    }
    return this.child.exitCode;
  }

  private async unlessItHangs(what: string, done: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const hangs = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the worker took more than ${HANGS_AFTER_MS / 1000} s ${what}: ${this.log}`));
        this.child.kill('SIGKILL');
      }, HANGS_AFTER_MS);
    });
    await Promise.race([done, hangs]).finally(() => clearTimeout(timer));
  }
}
