import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from './clock';
import { LISTS, type Store, type StoreContents } from '../twelvelabs/store/store';

const VERSION = 1;
const QUIET_MS = 250;
/** A large state is written less often, so that writing takes at most a twentieth of the time. */
const REST_FACTOR = 20;

/** The file holds something else; its message says which file, and what to do. */
class UnreadableState extends Error {
  override readonly name = 'UnreadableState';
}

/** Keeps the store in one JSON file that is replaced as a whole, so that a reader never sees half of it. */
export class StateFolder {
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private restMs = QUIET_MS;
  private dirty = false;

  private constructor(
    private readonly file: string,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  /**
   * Fills the store from the folder and keeps it there from now on.
   * @throws UnreadableState that names the file, when it is not such a state.
   */
  static async open(folder: string, store: Store, clock: Clock): Promise<StateFolder> {
    await mkdir(folder, { recursive: true });
    const state = new StateFolder(path.join(folder, 'twelvelabs-emulator.json'), store, clock);
    await state.read();
    store.onChange = () => state.soon();
    return state;
  }

  /** Writes what is not written yet and stops. */
  async close(): Promise<void> {
    this.store.onChange = () => undefined;
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
      this.store.load(contents);
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
      contents: this.store.contents(),
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

/** Lists that older files of this version do not have. */
const ADDED_LATER: Partial<StoreContents> = { uploads: [] };

function parse(text: string): { advancedMs: number; contents: StoreContents } {
  const state = JSON.parse(text) as { version?: unknown; advancedMs?: unknown; contents?: Record<string, unknown> };
  if (state?.version !== VERSION) throw new Error(`its version is ${String(state?.version)}, not ${VERSION}`);
  const contents: Record<string, unknown> = { ...ADDED_LATER, ...state.contents };
  for (const list of LISTS) if (!Array.isArray(contents[list])) throw new Error(`"${list}" is not a list`);
  const advancedMs = typeof state.advancedMs === 'number' ? state.advancedMs : 0;
  return { advancedMs, contents: contents as unknown as StoreContents };
}
