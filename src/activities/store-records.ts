import { Context } from '@temporalio/activity';
import type { Activities, StoredRecords, StoreTarget } from '../contracts/activities';
import { failure } from '../contracts/failures';
import type { ResultRecord } from '../providers/branch-kind';
import { branchKindOf, providerOf, type ActivityDependencies } from './dependencies';
import { withHeartbeat } from './lib/activity-call';
import { release } from './ownership/release-asset';

/** Copies the records of a ready branch to the result store as they come, and lets go of the asset. Safe to repeat. */
export const createStoreRecords =
  (deps: ActivityDependencies): Activities['storeRecords'] =>
  ({ provider: name, place, branch, handle, resultName, release: releasing }) =>
    withHeartbeat((signal) => {
      const stream = branchKindOf(providerOf(deps, { provider: name, place }), branch).records?.(handle, { signal });
      if (!stream) throw failure('InvalidRequest', `branch.type: "${branch}" of "${name}" gives no records`);
      const target = { resultName, release: releasing };
      return storeAndRelease(deps, { words: handle.words, records: stream, target }, signal);
    });

interface RecordsToStore {
  /** What the records are of, at the start of a sentence. */
  words: string;
  records: AsyncIterable<ResultRecord>;
  target: StoreTarget;
}

/** @throws ProcessingFailed when there is not one record; then nothing is stored. */
export async function storeAndRelease(
  deps: ActivityDependencies,
  { words, records, target }: RecordsToStore,
  signal: AbortSignal,
): Promise<StoredRecords> {
  const again = Context.current().info.attempt > 1;
  let dimensions: number | undefined;
  const measured = async function* (): AsyncGenerator<ResultRecord> {
    for await (const record of records) {
      dimensions ??= record.embedding.length;
      yield record;
    }
    if (dimensions === undefined) throw failure('ProcessingFailed', `${words} is ready, but holds no segments`);
  };
  const stored = await deps.results.write(target.resultName, measured(), { again });
  const result = { ...stored, dimensions: dimensions ?? 0 };
  return { result, surplus: target.release ? await release(deps, target.release, signal) : [] };
}
