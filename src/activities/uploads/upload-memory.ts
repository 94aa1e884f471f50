import type { UploadRef } from '../../contracts/activities';
import type { Handle } from '../../contracts/branches/handle';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { noteBytesMoved, setProgress, stepAttempt } from '../lib/activity-call';
import type { ActivityDependencies } from '../dependencies';

/** A session under way, and what its parts are parts of. */
export interface UploadUnderWay extends Omit<UploadRef, 'assetId'> {
  /** The asset that the session reserved; absent where the asset is known only when it is ready. */
  assetId?: string;
  partBytes: number;
  totalParts: number;
  /** Of the source, when the session was opened. */
  fingerprint: string;
  headers: Record<string, string>;
}

/** Heartbeat details of an upload: all that the next attempt needs, on whichever worker. No URL is among them. */
export interface UploadDetails {
  attempt: number;
  upload?: UploadUnderWay;
  /** What the provider opened a session for, at one that tells the asset only when it is ready. */
  pending?: Handle;
  /** `pending` was only seen: no attempt has entered its session yet, so that no byte went out for it. */
  seenOnly?: boolean;
  /** Sessions that were given up. */
  abandoned: ReceiptEntry[];
  sentBytes?: number;
  totalBytes?: number;
  /** Epoch milliseconds at which this attempt began, and how many bytes the provider had by then. */
  startedAt?: number;
  sinceBytes?: number;
  /** Epoch milliseconds of `sentBytes`. */
  at?: number;
  /** Times that the workflow was told how far it is. */
  told: number;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** What an upload remembers from attempt to attempt. */
export class UploadMemory {
  /** True once `pending` certainly did not get all of its bytes. */
  private unsent = false;

  private constructor(
    private readonly deps: ActivityDependencies,
    private details: UploadDetails,
    /** False where earlier attempts may have done what is not remembered. */
    private readonly isWhole: boolean,
  ) {}

  /**
   * As the attempt before left it.
   * @param resume what an earlier activity of the same run left, which no worker took again in time.
   */
  static open(deps: ActivityDependencies, resume?: unknown): UploadMemory {
    const { attempt, left } = stepAttempt();
    if (left === undefined && isObject(resume)) setProgress(resume);
    const details = (left ?? resume ?? {}) as Partial<UploadDetails>;
    const { upload, pending, seenOnly, abandoned = [], told = 0 } = details;
    const isWhole = left !== undefined || attempt === 1;
    return new UploadMemory(deps, { attempt, upload, pending, seenOnly, abandoned, told }, isWhole);
  }

  get upload(): UploadUnderWay | undefined {
    return this.details.upload;
  }

  get pending(): Handle | undefined {
    return this.details.pending;
  }

  get abandoned(): ReceiptEntry[] {
    return this.details.abandoned;
  }

  /** Ends once the server knows of the session, so that no byte goes out for one that could be forgotten. */
  async opened(upload: UploadUnderWay): Promise<void> {
    await this.keep({ upload, sentBytes: 0 });
  }

  /** Ends once the server knows what a session was opened for, so that it can be given up whatever happens now. */
  async handsIn(pending: Handle): Promise<void> {
    await this.keep({ pending, seenOnly: undefined });
  }

  /** A session that a create may have opened whose answer was lost. */
  async saw(pending: Handle): Promise<void> {
    await this.keep({ pending, seenOnly: this.isWhole || undefined });
  }

  /** Bytes of the item may have gone out before this attempt hands it in. */
  get mayHaveSent(): boolean {
    const { pending, seenOnly = false } = this.details;
    return pending !== undefined && !seenOnly;
  }

  /** Nothing of the item went out in the session that this attempt opened, or not all of it. */
  noteUnsent(): void {
    this.unsent = true;
  }

  /** What cleanup is to know of an item that was handed in. */
  get left(): { pending: Handle; unsent?: true } | undefined {
    const { pending } = this.details;
    return pending && { pending, ...((this.unsent || !this.mayHaveSent) && { unsent: true }) };
  }

  /** Ends once the server knows that the session was given up. */
  async gaveUp(entries: readonly ReceiptEntry[]): Promise<void> {
    await this.keep({
      upload: undefined,
      pending: undefined,
      seenOnly: undefined,
      abandoned: [...this.abandoned, ...entries],
    });
  }

  /** Heartbeats how far it is; of a long upload the workflow hears twice, so that lists and pages can show it. */
  sent(sentBytes: number, totalBytes: number): void {
    const at = Date.now();
    const { startedAt = at, sinceBytes = sentBytes, told } = this.details;
    this.details = { ...this.details, sentBytes, totalBytes, startedAt, sinceBytes, at };
    const due = told < TELL_AT.length && sentBytes >= totalBytes * (TELL_AT[told] ?? 1);
    if (due && at - startedAt >= LONG_MS) {
      this.details.told += 1;
      void this.deps.progress.tell({ sentBytes, totalBytes }).catch(() => {}); // only for those who look
    }
    noteBytesMoved(this.details);
  }

  private async keep(changes: Partial<UploadDetails>): Promise<void> {
    this.details = { ...this.details, ...changes };
    await this.deps.progress.makeDurable(setProgress(this.details));
  }
}

/** The workflow is told at these parts of the whole: four events each. */
const TELL_AT = [1 / 3, 2 / 3];
/** An upload that takes no longer is not worth the events. */
const LONG_MS = 10_000;
