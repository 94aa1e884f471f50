/**
 * Items in their order, of which some at a time are begun: of those to come it is known that nothing was made. Of those begun it is
 * not, once nobody can tell any more which were taken; so no more begin than somebody waits for, or `atLeast`.
 */
export class BegunItems<T> {
  /** Those that have begun, and that nobody has taken yet. */
  readonly begun: T[] = [];
  private readonly toBegin: T[];
  private beginning: Promise<void> | undefined;
  private waiting = 0;

  /** @param begin writes down that these may be taken from now on. */
  constructor(
    items: readonly T[],
    private readonly atLeast: number,
    private readonly begin: (some: readonly T[]) => Promise<void>,
  ) {
    this.toBegin = [...items];
  }

  /** The next item, once it has begun; `undefined` if there is none, or no more are to be taken. */
  async next(isOver: () => boolean): Promise<T | undefined> {
    this.waiting += 1;
    try {
      while (!isOver()) {
        const next = this.begun.shift();
        if (next !== undefined) return next;
        if (!this.beginning && this.toBegin.length === 0) return undefined;
        this.beginning ??= this.beginSome().finally(() => (this.beginning = undefined));
        await this.beginning;
      }
      return undefined;
    } finally {
      this.waiting -= 1;
    }
  }

  private async beginSome(): Promise<void> {
    const some = this.toBegin.splice(0, Math.max(this.waiting, this.atLeast));
    await this.begin(some);
    this.begun.push(...some);
  }
}
