import type { ProviderName } from '../contracts/ids';

/** Finds the workers that can read a file, by the task queues that they poll. */
export interface SourceQueues {
  /**
   * Looks once for workers that serve a folder above the file; where folders lie in each other, the inner one counts.
   * @param file absolute, or relative to one of their roots.
   * @returns the task queue of their uploads.
   * @throws WorkerStopping · whatever the Temporal client throws.
   */
  find(provider: ProviderName, file: string): Promise<string | undefined>;
}
