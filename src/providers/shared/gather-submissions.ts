import type { Intake, Submission, SubmitOptions, Submitted } from '../intake';
import type { MediaProvider } from '../media-provider';
import { failed, SubmissionAborted, type Outcome } from '../outcome';

/** One item that waits for others to share its request. */
interface Member {
  item: Submission;
  options: SubmitOptions;
  /** Its caller has stopped while the request was under way. */
  left: boolean;
  settle: (outcome: Outcome<Submitted>) => void;
}

/** The items that will go out together. */
interface Gathering {
  members: Member[];
  timer: NodeJS.Timeout;
}

/**
 * The provider's intake, where submissions of several callers share one request as far as the traits allow: those that
 * come within `gatherMs`, at most `itemsPerSubmission`, and only items that may go together.
 *
 * Each caller gets the outcomes of its own items. A caller that stops before the request goes out is not in it; one that
 * stops later still gets its outcome. The request itself is aborted only when every caller in it has stopped.
 */
export function gatheringIntake(provider: Pick<MediaProvider, 'intake' | 'traits'>): Intake {
  const { intake, traits } = provider;
  if (traits.gatherMs <= 0) return intake;
  const gatherer = new Gatherer(intake, traits);
  return { ...intake, submit: (items, options) => gatherer.submit(items, options) };
}

class Gatherer {
  /** By what its items have in common. */
  private readonly open = new Map<string, Gathering>();

  constructor(
    private readonly intake: Intake,
    private readonly limits: Pick<MediaProvider['traits'], 'gatherMs' | 'itemsPerSubmission'>,
  ) {}

  submit(items: readonly Submission[], options: SubmitOptions = {}): Promise<Outcome<Submitted>[]> {
    return Promise.all(
      items.map((item, index) => {
        const onProgress = (_place: number, sentBytes: number): void => options.onProgress?.(index, sentBytes);
        return this.join(item, { ...options, onProgress });
      }),
    );
  }

  private join(item: Submission, options: SubmitOptions): Promise<Outcome<Submitted>> {
    const { signal } = options;
    if (signal?.aborted) return Promise.resolve(failed(notSent(item)));
    return new Promise((resolve) => {
      const group = this.intake.together?.(item) ?? '';
      const gathering = this.open.get(group) ?? this.begin(group);
      const onAbort = (): void => {
        member.left = true;
        const at = gathering.members.indexOf(member);
        if (this.open.get(group) !== gathering || at < 0) return; // it has gone out: its outcome will come
        gathering.members.splice(at, 1);
        member.settle(failed(notSent(item)));
      };
      const settle = (outcome: Outcome<Submitted>): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      const member: Member = { item, options, left: false, settle };
      signal?.addEventListener('abort', onAbort, { once: true });
      gathering.members.push(member);
      if (gathering.members.length >= this.limits.itemsPerSubmission) this.send(group, gathering);
    });
  }

  private begin(group: string): Gathering {
    const gathering: Gathering = {
      members: [],
      timer: setTimeout(() => this.send(group, gathering), this.limits.gatherMs),
    };
    this.open.set(group, gathering);
    return gathering;
  }

  private send(group: string, gathering: Gathering): void {
    clearTimeout(gathering.timer);
    this.open.delete(group);
    const { members } = gathering;
    if (members.length > 0) void this.sendTogether(members);
  }

  private async sendTogether(members: readonly Member[]): Promise<void> {
    const everyoneLeft = new AbortController();
    const onAbort = (): void => {
      if (members.every(({ left }) => left)) everyoneLeft.abort(members[0]?.options.signal?.reason);
    };
    for (const { options } of members) options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const items = members.map(({ item }) => item);
      const onProgress = (place: number, sentBytes: number): void =>
        members[place]?.options.onProgress?.(place, sentBytes);
      const outcomes = await this.intake.submit(items, { signal: everyoneLeft.signal, onProgress });
      for (const [place, member] of members.entries()) {
        member.settle(outcomes[place] ?? failed(new Error('the provider gave no outcome for the item')));
      }
    } catch (error) {
      for (const member of members) member.settle(failed(error));
    } finally {
      for (const { options } of members) options.signal?.removeEventListener('abort', onAbort);
    }
  }
}

const notSent = ({ filename }: Submission): SubmissionAborted =>
  new SubmissionAborted(`${filename}: not sent: stopped while it waited for others to share its request`);
