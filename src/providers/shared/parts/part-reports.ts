import type { UploadedPart, PartUploads } from '../../part-uploads';
import { retryBriefly } from './retry-briefly';

interface Waiting {
  part: UploadedPart;
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Reports stored parts to the provider: at once if no report is in flight, else together with the next ones. After a
 * crash only parts without a report are sent again.
 */
export class PartReports {
  private waiting: Waiting[] = [];
  private running = false;

  constructor(
    private readonly sessions: PartUploads,
    private readonly sessionId: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves once the provider has accepted the report of the part. */
  report(part: UploadedPart): Promise<void> {
    return new Promise((done, failed) => {
      this.waiting.push({ part, done, failed });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.sessions.partsPerReport);
      const parts = batch.map(({ part }) => part);
      const { signal } = this;
      try {
        await retryBriefly(() => this.sessions.report(this.sessionId, parts, { signal }), signal);
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.running = false;
  }
}
