import type { LifecycleClient } from '../client/lifecycle-client';
import { LifecycleClientError } from '../temporal/errors';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import { barOf, durationWords, lineOf, note } from './output';
import { PhaseClock } from './phase-clock';
import { isTerminal, printable } from './terminal';

type Show = (status: LifecycleStatus) => void;

/** Waits to a lifecycle's end and shows how far it is: a live line on a terminal, a line a change in a pipe. */
export async function follow(
  client: LifecycleClient,
  key: string,
  quiet: boolean,
  signal?: AbortSignal,
): Promise<LifecycleStatus> {
  if (quiet) return last(client, key, () => {}, signal);
  if (!isTerminal()) return last(client, key, changeLines(note), signal);
  const { Listr } = await import('listr2');
  const context = await new Listr<{ status?: LifecycleStatus }>(
    [
      {
        title: printable(key),
        task: async (shared, task) => {
          const line = new LiveLine((text) => (task.title = printable(text)));
          shared.status = await last(client, key, (status) => line.show(status)).finally(() => line.stop());
        },
      },
    ],
    { rendererOptions: { showErrorMessage: false } },
  ).run({});
  return context.status as LifecycleStatus;
}

const TICK_MS = 1000;

/** A line on a terminal. It is drawn anew every second, so that it shows how long the current phase has taken. */
export class LiveLine {
  private readonly clock: PhaseClock;
  private readonly ticking: NodeJS.Timeout;
  private status: LifecycleStatus | undefined;

  constructor(
    private readonly draw: (text: string) => void,
    now?: () => number,
  ) {
    this.clock = new PhaseClock(now);
    this.ticking = setInterval(() => this.redraw(), TICK_MS);
  }

  show(status: LifecycleStatus): void {
    this.clock.hear(status);
    this.status = status;
    this.redraw();
  }

  stop(): void {
    clearInterval(this.ticking);
  }

  private redraw(): void {
    if (this.status) this.draw(barOf(this.status) + lineOf(this.status, this.clock.elapsedMs()));
  }
}

/** Lines for a pipe: one a change, which says how long the phase took that ended with it. */
export function changeLines(write: (line: string) => void, now?: () => number): Show {
  const clock = new PhaseClock(now);
  const isDue = onceATenth();
  return (status) => {
    const ended = clock.hear(status);
    if (!isDue(status)) return;
    write(lineOf(status) + (ended ? ` (${ended.phase} took ${durationWords(ended.tookMs)})` : ''));
  };
}

/** An upload changes all the time: a pipe gets a line every ten percent. */
function onceATenth(): (status: LifecycleStatus) => boolean {
  let shown = -1;
  return ({ upload }) => {
    const tenth = upload ? Math.floor(upload.percent / 10) : -1;
    if (upload && tenth === shown) return false;
    shown = tenth;
    return true;
  };
}

/** Calls `show` on every change; gives the status that has the outcome. @throws the signal's reason once it is aborted */
export async function last(
  client: LifecycleClient,
  key: string,
  show: Show,
  signal?: AbortSignal,
): Promise<LifecycleStatus> {
  for await (const status of client.watch(key, { signal })) {
    show(status);
    if (status.outcome) return status;
  }
  const status = await client.status(key);
  if (!status.outcome) throw new WatchEnded(`the watch of "${key}" ended in the phase ${status.phase}; watch it again`);
  show(status);
  return status;
}

/** A watch ended before what it watched. */
export class WatchEnded extends LifecycleClientError {
  override readonly name = 'WatchEnded';
}
