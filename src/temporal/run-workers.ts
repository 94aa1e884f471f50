import { IllegalStateError } from '@temporalio/common';
import { GracefulShutdownPeriodExpiredError, type Worker } from '@temporalio/worker';
import { WorkAbandoned } from './work-abandoned';

/** The parts of a Temporal worker that are used here. */
type Runnable = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

export interface WorkerHooks {
  /** Called when the stop begins: ends held waits. */
  handBack: () => void;
  /** Called after all workers ended: closes connections. */
  close: () => Promise<void>;
}

/** Creates all workers, or none. @throws the first failure, once the others have closed their connections. */
export async function createWorkers<W extends Runnable>(making: readonly Promise<W>[]): Promise<W[]> {
  const settled = await Promise.allSettled(making);
  const made = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (!failed) return made;
  await Promise.allSettled(made.map(endUnused));
  throw failed.reason;
}

/** A worker releases its connection only when a run ends, so a worker that never ran is run and stopped. */
async function endUnused(worker: Runnable): Promise<void> {
  const run = worker.run();
  worker.shutdown();
  await run;
}

/**
 * Runs the workers of one process. When one dies, the others are stopped as well.
 * @returns `done` settles when the last of them has ended; it fails with the first failure, which is `WorkAbandoned`
 * where a call outlived the force time.
 */
export function runWorkers(
  workers: readonly Runnable[],
  hooks: WorkerHooks,
): { done: Promise<void>; stop: () => Promise<void> } {
  let stopping = false;
  const beginStop = (): void => {
    if (stopping) return;
    stopping = true;
    hooks.handBack();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  let failure: { error: unknown } | undefined;
  const runs = workers.map(async (worker) => {
    try {
      await worker.run();
    } catch (error) {
      failure ??= { error: stopping && outlivedForceTime(worker, error) ? new WorkAbandoned() : error };
    } finally {
      beginStop();
    }
  });
  const done = Promise.all(runs) // `runs` never fail: connections close only after all have ended
    .then(() => hooks.close())
    .then(() => {
      if (failure) throw failure.error;
    });
  return {
    done,
    async stop() {
      beginStop();
      await done;
    },
  };
}

/** Calls still run in the SDK's native part, so its shutdown fails too, and that failure hides the first one. */
const outlivedForceTime = (worker: Runnable, error: unknown): boolean =>
  error instanceof GracefulShutdownPeriodExpiredError ||
  (error instanceof IllegalStateError && worker.getState() === 'FAILED');
