import { AsyncResource } from 'node:async_hooks';
import type { Handle } from '../../contracts/branches/handle';
import type { Intake, Submission, SubmitOptions, Submitted, Turn } from '../intake';
import type { MediaProvider, Traits } from '../media-provider';
import { failed, SubmissionAborted, type Outcome } from '../outcome';

/** One submitted item that waits for its outcome. */
interface Entry {
  item: Submission;
  signal?: AbortSignal;
  onProgress?: (sentBytes: number) => void;
  onOpened?: (pending: Handle) => Promise<void>;
  moreToCome?: () => number;
  /** Epoch milliseconds. */
  since: number;
  resolve: (outcome: Outcome<Submitted>) => void;
}

/** Items that wait to go out together. */
interface Batch {
  key: string;
  entries: Entry[];
  since: number;
  timer: NodeJS.Timeout | undefined;
}

/** Nobody waits longer for others of a group. */
const MAX_WAIT_FOR_GROUP_MS = 60_000;
/** Turns are asked for again after this at the latest: one may have been given back. */
const MAX_WAIT_FOR_TURN_MS = 5000;

/**
 * The provider's intake, where submissions of several callers share one call if the traits set `gatherMs`. Where the
 * provider limits submissions, items are gathered until it is their turn, and the turn goes to those that have waited
 * longest, all together. Items of a group wait for the others of it. Each caller gets the outcomes of its own items only:
 * - a caller that aborts before the call goes out is not part of it, and gets `SubmissionAborted`;
 * - a caller that aborts later still gets its outcome; the call is aborted once all of its callers have aborted;
 * - if the whole call fails, its error is the outcome of every item;
 * - its callbacks run in its own async context, by which an activity knows whose heartbeat it sends.
 */
export function gatheringIntake({ intake, traits }: Pick<MediaProvider, 'intake' | 'traits'>): Intake {
  if (traits.gatherMs === 0) return intake;
  const gathering = new Gathering(intake, traits);
  const { abandon, openFor, openOf } = intake;
  return {
    route: (item) => intake.route(item),
    submit: (items, options) => gathering.submit(items, options),
    ...(abandon && { abandon }),
    ...(openFor && { openFor }),
    ...(openOf && { openOf }),
    find: (queries, options) => intake.find(queries, options),
    parts: intake.parts,
  };
}

/** The provider with a gathering intake, also within its places, each of which has one; everything else stays as it is. */
export function withGatheredIntake(provider: MediaProvider): MediaProvider {
  const { within } = provider;
  const places = new Map<string, MediaProvider>();
  const placed = (place: string): MediaProvider => {
    const known = places.get(place) ?? gathering(within?.(place) ?? provider);
    places.set(place, known);
    return known;
  };
  const gathering = (inner: MediaProvider): MediaProvider => {
    const { name, traits, assets, branches, ingestions } = inner;
    return {
      ...{ name, traits, assets, branches, intake: gatheringIntake(inner) },
      watch: (handles, options) => inner.watch(handles, options),
      ...(ingestions && { ingestions }),
      ...(within && { within: placed }),
      close: () => inner.close(),
    };
  };
  return gathering(provider);
}

class Gathering {
  /** Batches that take further items, by the text that `together` gives for their items. */
  private readonly open = new Map<string, Batch>();
  /** Batches that have not gone out: the open ones, and full ones that wait for their turn. */
  private readonly waiting = new Set<Batch>();
  /** Those of them that only wait for their turn. */
  private readonly due = new Set<Batch>();
  private turnTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly intake: Intake,
    private readonly traits: Traits,
  ) {}

  submit(items: readonly Submission[], options: SubmitOptions = {}): Promise<Outcome<Submitted>[]> {
    const { signal, signals, onProgress, onOpened, moreToCome } = options;
    const since = Date.now();
    const outcomes = items.map((item, index) =>
      this.joinBatch(item, {
        signal: eitherOf(signal, signals?.[index]),
        onProgress: AsyncResource.bind((sentBytes: number) => onProgress?.(index, sentBytes)),
        onOpened: AsyncResource.bind(async (pending: Handle) => onOpened?.(index, pending)),
        ...{ moreToCome, since },
      }),
    );
    return Promise.all(outcomes);
  }

  private joinBatch(item: Submission, options: Omit<Entry, 'item' | 'resolve'>): Promise<Outcome<Submitted>> {
    return new Promise((resolve) => {
      const { signal } = options;
      if (signal?.aborted) return resolve(notSent(item));
      const key = this.intake.together?.(item) ?? '';
      const batch = this.open.get(key) ?? this.begin(key);
      const entry: Entry = { ...options, item, resolve: settle };
      function settle(outcome: Outcome<Submitted>): void {
        signal?.removeEventListener('abort', leave);
        resolve(outcome);
      }
      const leave = (): void => {
        if (!this.waiting.has(batch)) return; // the call has gone out: its answer is awaited
        batch.entries.splice(batch.entries.indexOf(entry), 1);
        if (batch.entries.length === 0) this.close(batch);
        resolve(notSent(item));
      };
      signal?.addEventListener('abort', leave, { once: true });
      batch.entries.push(entry);
      if (batch.entries.length >= this.traits.itemsPerSubmission) {
        this.open.delete(key);
        this.wantTurn(batch);
      }
    });
  }

  private begin(key: string): Batch {
    const batch: Batch = { key, entries: [], since: Date.now(), timer: undefined };
    batch.timer = setTimeout(() => this.sendOnceGathered(batch), this.traits.gatherMs);
    this.open.set(key, batch);
    this.waiting.add(batch);
    return batch;
  }

  private close(batch: Batch): void {
    clearTimeout(batch.timer);
    this.waiting.delete(batch);
    this.due.delete(batch);
    if (this.due.size === 0) this.stopWaitingForTurn();
    if (this.open.get(batch.key) === batch) this.open.delete(batch.key);
  }

  private sendOnceGathered(batch: Batch): void {
    const isGroupOnItsWay = batch.entries.some(({ moreToCome }) => moreToCome !== undefined && moreToCome() > 0);
    if (isGroupOnItsWay && Date.now() - batch.since < MAX_WAIT_FOR_GROUP_MS) {
      batch.timer = setTimeout(() => this.sendOnceGathered(batch), this.traits.gatherMs);
    } else this.wantTurn(batch);
  }

  /** The batch goes out in its turn; until then it takes further items, unless it is full. */
  private wantTurn(batch: Batch): void {
    clearTimeout(batch.timer);
    this.due.add(batch);
    this.sendDue();
  }

  private sendDue(): void {
    for (let next = this.mostWaitedFor(); next; next = this.mostWaitedFor()) {
      const turn = this.intake.takeTurn?.();
      if (turn && 'waitMs' in turn) {
        this.turnTimer ??= setTimeout(
          () => {
            this.stopWaitingForTurn();
            this.sendDue();
          },
          Math.min(turn.waitMs, MAX_WAIT_FOR_TURN_MS),
        );
        return;
      }
      this.close(next);
      void this.call(next.entries, turn);
    }
  }

  private stopWaitingForTurn(): void {
    clearTimeout(this.turnTimer);
    this.turnTimer = undefined;
  }

  /** A batch of many goes before one item, and one item that has waited long before a new batch of many. */
  private mostWaitedFor(): Batch | undefined {
    const now = Date.now();
    const waited = ({ entries }: Batch): number => entries.reduce((sum, { since }) => sum + now - since, 0);
    return [...this.due].toSorted((one, other) => waited(other) - waited(one))[0];
  }

  private async call(entries: readonly Entry[], turn: Turn | undefined): Promise<void> {
    const signals = entries.map((entry) => entry.signal);
    const { signal, stopListening } = whenAllAbort(signals);
    try {
      const outcomes = await this.intake.submit(
        entries.map(({ item }) => item),
        {
          signal,
          signals,
          onProgress: (item, sentBytes) => entries[item]?.onProgress?.(sentBytes),
          onOpened: async (item, pending) => entries[item]?.onOpened?.(pending),
          ...(turn && { turn }),
        },
      );
      for (const [index, { resolve }] of entries.entries()) resolve(outcomes[index] ?? failed(noOutcome(index)));
    } catch (error) {
      for (const { resolve } of entries) resolve(failed(error));
    } finally {
      stopListening();
    }
  }
}

const notSent = ({ filename }: Submission): Outcome<never> =>
  failed(new SubmissionAborted(`${filename}: aborted before it was sent`));

const noOutcome = (index: number): Error => new Error(`the provider gave no outcome for item ${index} of a submission`);

function eitherOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}

/** Aborts once every signal has aborted; never if one caller gave no signal. */
function whenAllAbort(signals: readonly (AbortSignal | undefined)[]): {
  signal: AbortSignal;
  stopListening: () => void;
} {
  const all = new AbortController();
  const onAbort = (): void => {
    if (signals.every((signal) => signal?.aborted)) all.abort(signals[0]?.reason);
  };
  for (const signal of signals) signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: all.signal,
    stopListening: () => {
      for (const signal of signals) signal?.removeEventListener('abort', onAbort);
    },
  };
}
