import { setMaxListeners } from 'node:events';
import type { ProviderAsset } from '../../assets';
import type { FindOptions, OwnershipQuery } from '../../intake';
import { Look } from './look';
import { lookForAll, type SearchedList } from './look-for-all';

/** How long a query waits for others to share its walk. */
const WAITS_MS = {
  /** Of a single lifecycle, which is kept by it. */
  alone: 100,
  /** Of many items that begin together. */
  firstLook: 500,
  /** Of many items after a lost answer: the groups of a worker that died come back within seconds of each other. */
  afterLostAnswer: 2000,
};

/** Queries that share their requests. */
interface Round {
  looks: Look[];
  /** Aborts once nobody looks any more. */
  unwanted: AbortController;
  /** Epoch milliseconds. */
  beginsAt: number;
  timer?: NodeJS.Timeout;
}

/** Finds assets by their tags; those who look at the same time share one walk over the list. */
export class TagSearch {
  private gathering: Round | undefined;

  constructor(private readonly list: SearchedList) {}

  /** See `Intake.find`. */
  async find(
    queries: readonly OwnershipQuery[],
    { signal, patient = false }: FindOptions = {},
  ): Promise<ProviderAsset[][]> {
    signal?.throwIfAborted();
    const looks = queries.map((query) => new Look(query));
    const waiting = looks.filter((look) => this.mayWait(look));
    const rounds = [
      this.begin(looks.filter((look) => !this.mayWait(look))),
      ...waiting.map((look) => this.gather(look, patient)),
    ];
    const leave = (why: unknown): void => {
      for (const look of looks) look.fail(why);
      for (const round of rounds) this.endIfUnwanted(round);
    };
    const onAbort = (): void => leave(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.all(looks.map(({ result }) => result));
    } catch (error) {
      leave(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Where the list is narrowed by a filename, the look before a first create asks at once. */
  private mayWait({ query }: Look): boolean {
    return !this.list.narrows || query.filename === undefined || query.since !== undefined;
  }

  private gather(look: Look, patient: boolean): Round {
    const waitMs = patient ? (look.query.since ? WAITS_MS.afterLostAnswer : WAITS_MS.firstLook) : WAITS_MS.alone;
    const round = (this.gathering ??= newRound());
    round.looks.push(look);
    const beginsAt = Date.now() + waitMs;
    if (beginsAt >= round.beginsAt) return round; // who waits least decides
    clearTimeout(round.timer);
    round.beginsAt = beginsAt;
    round.timer = setTimeout(() => {
      this.gathering = undefined;
      void this.search(round);
    }, waitMs);
    return round;
  }

  private begin(looks: Look[]): Round {
    const round = { ...newRound(), looks };
    if (looks.length > 0) void this.search(round);
    return round;
  }

  private search({ looks, unwanted }: Round): Promise<void> {
    return lookForAll(looks, this.list, unwanted.signal);
  }

  private endIfUnwanted(round: Round): void {
    if (round.looks.some(({ isOpen }) => isOpen)) return;
    clearTimeout(round.timer);
    if (this.gathering === round) this.gathering = undefined;
    round.unwanted.abort();
  }
}

function newRound(): Round {
  const unwanted = new AbortController();
  setMaxListeners(0, unwanted.signal); // each of its requests listens
  return { looks: [], unwanted, beginsAt: Number.POSITIVE_INFINITY };
}
