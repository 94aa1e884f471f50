/** Work that goes on after its request was answered: fetching URL sources, looking into uploaded parts. */
export class Background {
  private readonly running = new Map<string, { controller: AbortController; done: Promise<void> }>();

  /** Starts work on the object of that id; it must not throw. @returns when it ends. */
  start(id: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    const done = work(controller.signal).finally(() => this.running.delete(id));
    this.running.set(id, { controller, done });
    return done;
  }

  stop(id: string): void {
    this.running.get(id)?.controller.abort();
  }

  async close(): Promise<void> {
    const all = [...this.running.values()];
    for (const { controller } of all) controller.abort();
    await Promise.allSettled(all.map(({ done }) => done));
  }
}
