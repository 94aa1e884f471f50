/** Items that a worker hands in at once, of all its groups: those of two, and more than a provider lets through. */
const PLACES = 32;

/**
 * Places for those who hand items in, of all groups of a worker; who came first has one first. So a group goes on to its next step
 * while later ones are handed in, and first results do not wait for the last file.
 */
export class SubmissionPlaces {
  private readonly waiting: (() => void)[] = [];
  private free = PLACES;

  /** Does the work once there is a place for it; not at all if it was aborted before. */
  async run(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (!(await this.take(signal))) return;
    try {
      await work();
    } finally {
      this.giveBack();
    }
  }

  private async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.free > 0) {
      this.free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const come = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(come), 1);
        resolve(false);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(come);
    });
  }

  private giveBack(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}
