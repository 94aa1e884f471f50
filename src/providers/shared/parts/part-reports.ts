import type { UploadedPart, PartUploads } from '../../part-uploads';
import { retryBriefly } from './retry-briefly';

interface Waiting {
  part: UploadedPart;
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Reports parts as they come: at once while no report is under way, together with others otherwise. A part counts only
 * once it is reported, so that after a crash no more than the parts on their way are sent again.
 */
export class PartReports {
  private waiting: Waiting[] = [];
  private running = false;

  constructor(
    private readonly sessions: PartUploads,
    private readonly sessionId: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Ends once the provider knows of the part. */
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
