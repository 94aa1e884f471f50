import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from './clock';

const VERSION = 1;
const QUIET_MS = 250;
/** A large state is written less often, so that writing takes at most a twentieth of the time. */
const REST_FACTOR = 20;

/** The file holds something else; its message says which file, and what to do. */
class UnreadableState extends Error {
  override readonly name = 'UnreadableState';
}

/** State that is kept as plain JSON: lists of records by name. */
export interface KeptState {
  /** Called at every change. */
  onChange: () => void;
  contents(): object;
  /** @throws Error that says what of it is no such state. */
  load(contents: Readonly<Record<string, unknown>>): void;
}

/** Keeps a state in one JSON file that is replaced as a whole, so that a reader never sees half of it. */
export class StateFolder {
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private restMs = QUIET_MS;
  private dirty = false;

  private constructor(
    private readonly file: string,
    private readonly kept: KeptState,
    private readonly clock: Clock,
  ) {}

  /**
   * Fills the state from a file of the folder and keeps it there from now on.
   * @throws UnreadableState that names the file, when it is not such a state.
   */
  static async open(folder: string, filename: string, kept: KeptState, clock: Clock): Promise<StateFolder> {
    await mkdir(folder, { recursive: true });
    const state = new StateFolder(path.join(folder, filename), kept, clock);
    await state.read();
    kept.onChange = () => state.soon();
    return state;
  }

  /** Writes what is not written yet and stops. */
  async close(): Promise<void> {
    this.kept.onChange = () => undefined;
    clearTimeout(this.timer);
    await this.writing;
    clearTimeout(this.timer); // a write that ended just now may have asked for the next one
    if (this.dirty) await this.write();
  }

  private async read(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      const { advancedMs, contents } = parse(text);
      this.clock.advancedMs = advancedMs;
      this.kept.load(contents);
    } catch (error) {
      throw new UnreadableState(
        `The emulator's state in ${this.file} cannot be read (${(error as Error).message}). ` +
          'Move the file away to start with an empty state.',
        { cause: error },
      );
    }
  }

  private soon(): void {
    this.dirty = true;
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.writing = this.write()
        .catch((error: unknown) => {
          this.dirty = true;
          process.emitWarning(`the emulator's state could not be written: ${String(error)}`);
        })
        .finally(() => {
          this.timer = undefined;
          if (this.dirty) this.soon();
        });
    }, this.restMs);
    this.timer.unref();
  }

  private async write(): Promise<void> {
    this.dirty = false;
    const started = performance.now();
    const text = JSON.stringify({
      version: VERSION,
      advancedMs: this.clock.advancedMs,
      contents: this.kept.contents(),
    });
    const temporary = `${this.file}.tmp`;
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.file);
    this.restMs = Math.max(QUIET_MS, (performance.now() - started) * REST_FACTOR);
  }
}

function parse(text: string): { advancedMs: number; contents: Readonly<Record<string, unknown>> } {
  const state = JSON.parse(text) as { version?: unknown; advancedMs?: unknown; contents?: Record<string, unknown> };
  if (state?.version !== VERSION) throw new Error(`its version is ${String(state?.version)}, not ${VERSION}`);
  const advancedMs = typeof state.advancedMs === 'number' ? state.advancedMs : 0;
  return { advancedMs, contents: state.contents ?? {} };
}
