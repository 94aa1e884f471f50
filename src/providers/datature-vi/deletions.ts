import { failure } from '../../contracts/failures';
import type { AssetFilter } from '../assets';
import type { CallOptions } from '../outcome';
import { sleep } from '../shared/sleep';
import type { DatasetApi } from './api/dataset-api';
import { DeletionSessionSchema, type DeletionSession } from './api/schemas';

const ROUTE = '/deleteManyAssetsSessions';
const FIRST_LOOK_AFTER_MS = 100;
const LOOK_EVERY_MS = 1000;
const DEFAULT_DEADLINE_MS = 10 * 60_000;

/**
 * Deletes all assets that match. Source: `POST …/deleteManyAssetsSessions`, and `GET` with its id until every condition is
 * reached.
 * @throws InvalidRequest without any filter · ProcessingFailed · DeadlineExceeded
 */
export async function deleteMatching(
  dataset: DatasetApi,
  { filter, metadataQuery }: AssetFilter,
  { deadlineMs = DEFAULT_DEADLINE_MS, signal }: CallOptions & { deadlineMs?: number } = {},
): Promise<void> {
  if (!filter && !metadataQuery) {
    throw failure('InvalidRequest', 'filter: say which assets are to be deleted; without any filter it might mean all');
  }
  const spec = { filter: filter || null, metadataQuery: metadataQuery || null, ruleQuery: null, strictQuery: null };
  const create = { method: 'POST', route: ROUTE, json: { spec }, creates: true, signal } as const;
  let session = await dataset.call(create, DeletionSessionSchema);
  const until = Date.now() + deadlineMs;
  for (let pauseMs = FIRST_LOOK_AFTER_MS; !isDone(session); pauseMs = Math.min(pauseMs * 2, LOOK_EVERY_MS)) {
    const id = idOf(session);
    if (Date.now() > until) throw failure('DeadlineExceeded', `deletion session ${id} has not ended`);
    await sleep(pauseMs, signal);
    signal?.throwIfAborted();
    const path = `${ROUTE}/${encodeURIComponent(id)}`;
    const look = { method: 'GET', route: `${ROUTE}/{id}`, path, about: `deletion session ${id}`, signal } as const;
    session = await dataset.call(look, DeletionSessionSchema);
  }
}

/** @throws ProcessingFailed */
function isDone(session: DeletionSession): boolean {
  const { conditions } = session.status;
  const broken = conditions.find(({ status }) => status === 'FailedReach');
  if (broken) {
    const why = [broken.reason, broken.message].filter(Boolean).join(': ') || broken.condition;
    throw failure('ProcessingFailed', `deletion session ${idOf(session)} failed: ${why}`);
  }
  return conditions.length > 0 && conditions.every(({ status }) => status === 'Reached');
}

/** The name of the field is not documented; it ends as all ids do. */
function idOf(session: DeletionSession): string {
  const [, id] =
    Object.entries(session).find(([name, value]) => /session.*id$/i.test(name) && typeof value === 'string') ?? [];
  if (typeof id === 'string') return id;
  throw failure('ProviderUnavailable', `POST ${ROUTE}: the answer names no session`);
}
