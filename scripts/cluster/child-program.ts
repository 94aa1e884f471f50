import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ProgramUnavailable } from '../../src/stack/programs';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const KEPT_OUTPUT_CHARACTERS = 4000;

interface ProgramStart {
  /** For messages. */
  name: string;
  file: string;
  args: readonly string[];
  environment: NodeJS.ProcessEnv;
  cwd: string;
  runAs?: { uid: number; gid: number };
  /** The signal that asks it to end. */
  stopSignal: NodeJS.Signals;
  /** The signal that ends it at once, as if it crashed, together with the processes it started. */
  killSignal: NodeJS.Signals;
  isReady: () => Promise<boolean>;
}

/** A server in a process of its own that ends with this process, whatever happens. */
export class ChildProgram {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly start: ProgramStart,
  ) {}

  /** @throws ProgramUnavailable with its last words when it ends, or is not ready within a minute. */
  static async start(start: ProgramStart): Promise<ChildProgram> {
    const child = spawn(start.file, [...start.args], {
      cwd: start.cwd,
      env: start.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...start.runAs,
    });
    const program = new ChildProgram(child, start);
    const onExit = (): void => void child.kill(start.killSignal);
    process.once('exit', onExit);
    child.once('exit', () => process.off('exit', onExit));
    child.once('error', (error) => program.hear(error.message));
    child.stdout?.on('data', (chunk: Buffer) => program.hear(chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => program.hear(chunk.toString()));
    try {
      await program.untilReady();
      return program;
    } catch (error) {
      await program.kill();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  stop(): Promise<void> {
    return this.end(this.start.stopSignal);
  }

  kill(): Promise<void> {
    return this.end(this.start.killSignal);
  }

  private hear(text: string): void {
    this.output = (this.output + text).slice(-KEPT_OUTPUT_CHARACTERS);
  }

  private hasEnded(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async untilReady(): Promise<void> {
    const { name, isReady } = this.start;
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await isReady())) {
      if (this.hasEnded()) throw new ProgramUnavailable(`${name} did not start: ${this.output.trim()}`);
      if (Date.now() > deadline) throw new ProgramUnavailable(`${name} is not ready after a minute: ${this.output}`);
      await delay(100);
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasEnded()) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    const killer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(killer);
  }
}
