import type { Intake, Submission, SubmitOptions, Submitted } from '../intake';
import type { MediaProvider, Traits } from '../media-provider';
import { failed, SubmissionAborted, type Outcome } from '../outcome';

/** One item of one caller, until its outcome is known. */
interface Entry {
  item: Submission;
  signal?: AbortSignal;
  onProgress?: (sentBytes: number) => void;
  resolve: (outcome: Outcome<Submitted>) => void;
}

/** Items that wait to go out together. */
interface Batch {
  entries: Entry[];
  timer: NodeJS.Timeout;
}

/**
 * The provider's intake, with the submissions of several callers gathered into one call where the traits say that this
 * saves requests. Each caller gets the outcomes of its own items, as if it had called alone:
 * - whoever aborts before the call goes out is not in it, and gets `SubmissionAborted`;
 * - whoever aborts later still gets the outcome, and the call is aborted only when all of its callers have;
 * - an error of the whole call is the outcome of every item in it.
 */
export function gatheringIntake({ intake, traits }: Pick<MediaProvider, 'intake' | 'traits'>): Intake {
  if (traits.gatherMs === 0) return intake;
  const gathering = new Gathering(intake, traits);
  return {
    route: (item) => intake.route(item),
    submit: (items, options) => gathering.submit(items, options),
    find: (queries, options) => intake.find(queries, options),
    parts: intake.parts,
  };
}

/** The provider with such an intake; all else is its own. */
export function withGatheredIntake(provider: MediaProvider): MediaProvider {
  const { name, traits, assets, branches } = provider;
  return {
    name,
    traits,
    intake: gatheringIntake(provider),
    assets,
    branches,
    watch: (handles, options) => provider.watch(handles, options),
    close: () => provider.close(),
  };
}

class Gathering {
  /** Batches that are still open, by what `together` says of their items. */
  private readonly open = new Map<string, Batch>();

  constructor(
    private readonly intake: Intake,
    private readonly traits: Traits,
  ) {}

  submit(items: readonly Submission[], { signal, onProgress }: SubmitOptions = {}): Promise<Outcome<Submitted>[]> {
    const outcomes = items.map((item, index) =>
      this.enter(item, { signal, onProgress: (sentBytes) => onProgress?.(index, sentBytes) }),
    );
    return Promise.all(outcomes);
  }

  private enter(item: Submission, options: Pick<Entry, 'signal' | 'onProgress'>): Promise<Outcome<Submitted>> {
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
        if (this.open.get(key) !== batch) return; // it went out: the answer is awaited
        batch.entries.splice(batch.entries.indexOf(entry), 1);
        if (batch.entries.length === 0) this.close(key, batch);
        resolve(notSent(item));
      };
      signal?.addEventListener('abort', leave, { once: true });
      batch.entries.push(entry);
      if (batch.entries.length >= this.traits.itemsPerSubmission) this.send(key, batch);
    });
  }

  private begin(key: string): Batch {
    const batch: Batch = { entries: [], timer: setTimeout(() => this.send(key, batch), this.traits.gatherMs) };
    this.open.set(key, batch);
    return batch;
  }

  private close(key: string, batch: Batch): void {
    clearTimeout(batch.timer);
    this.open.delete(key);
  }

  private send(key: string, batch: Batch): void {
    this.close(key, batch);
    void this.call(batch.entries);
  }

  private async call(entries: readonly Entry[]): Promise<void> {
    const { signal, release } = whenAllAbort(entries.map((entry) => entry.signal));
    try {
      const items = entries.map(({ item }) => item);
      const onProgress = (item: number, sentBytes: number): void => entries[item]?.onProgress?.(sentBytes);
      const outcomes = await this.intake.submit(items, { signal, onProgress });
      for (const [index, { resolve }] of entries.entries()) resolve(outcomes[index] ?? failed(noOutcome(index)));
    } catch (error) {
      for (const { resolve } of entries) resolve(failed(error));
    } finally {
      release();
    }
  }
}

const notSent = ({ filename }: Submission): Outcome<never> =>
  failed(new SubmissionAborted(`${filename}: aborted before it was sent`));

const noOutcome = (index: number): Error => new Error(`the provider gave no outcome for item ${index} of a submission`);

/** Aborts once each of the signals has; never while a caller cannot abort. */
function whenAllAbort(signals: readonly (AbortSignal | undefined)[]): { signal: AbortSignal; release: () => void } {
  const all = new AbortController();
  const onAbort = (): void => {
    if (signals.every((signal) => signal?.aborted)) all.abort(signals[0]?.reason);
  };
  for (const signal of signals) signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: all.signal,
    release: () => {
      for (const signal of signals) signal?.removeEventListener('abort', onAbort);
    },
  };
}
