import path from 'node:path';
import type { Activities } from '../contracts/activities';
import { failure } from '../contracts/failures';
import { fileTaskQueue, type ProviderName } from '../contracts/ids';
import { withRealTop } from '../storage/files/file-sources';
import { BEATS, withHeartbeatEvery } from './lib/activity-call';
import type { ActivityDependencies } from './dependencies';
import type { SourceQueues } from './source-queues';
import { untilFound } from './lib/until-found';

/** Holds a wait's slot, not a call's: a thousand files that nobody serves keep no call waiting. */
export const createFindSourceQueue =
  ({ sourceQueues, sourceDeadlineMs }: ActivityDependencies): Activities['findSourceQueue'] =>
  async ({ provider, path: file, field = 'source.path' }) => {
    const found = await withHeartbeatEvery(BEATS.wait, (signal) =>
      untilFound(() => queueOfFile(sourceQueues, provider, file), { until: Date.now() + sourceDeadlineMs, signal }),
    );
    if (found !== undefined) return found;
    throw failure(
      'InvalidRequest',
      `${field}: ${file}: no worker serves a folder that holds it (waited ${sourceDeadlineMs / 1000} s); ` +
        'start a worker with that folder in its ASSET_LIFECYCLE_SOURCE_ROOTS, or put the file below a folder that is served (symlinks on the way to it are not followed)',
    );
  };

/**
 * One look. The path counts as it stands; when that is below no served folder, so does the path with its topmost folder
 * resolved on this host (`/tmp` is a symlink on macOS). No more of a caller's path is touched here: it may lie on a file
 * system that does not answer, and tells of files outside the roots.
 */
export async function queueOfFile(
  queues: SourceQueues,
  provider: ProviderName,
  file: string,
): Promise<string | undefined> {
  const found = await queues.find(provider, file);
  if (found !== undefined || !path.isAbsolute(file)) return found;
  const real = await withRealTop(file);
  return real === path.resolve(file) ? undefined : queues.find(provider, real);
}

/** Whether only other workers serve a file. @param own folders of this worker */
export async function isElsewhere(
  queues: SourceQueues,
  { provider, file, own }: { provider: ProviderName; file: string; own: readonly string[] },
): Promise<boolean> {
  const queue = await queueOfFile(queues, provider, file);
  const ownRoots = own.length === 0 ? [] : [undefined, ...own];
  return queue !== undefined && ownRoots.every((root) => fileTaskQueue(provider, root) !== queue);
}
