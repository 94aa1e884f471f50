import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Activities } from '../contracts/activities';
import { failure } from '../contracts/failures';
import type { ProviderName } from '../contracts/ids';
import { BEATS, heartbeating } from './activity-call';
import type { ActivityDependencies } from './dependencies';
import type { SourceQueues } from './source-queues';
import { untilFound } from './until-found';

/** The path is the caller's choice, and may lie on a file system that does not answer. */
const REAL_PATH_WITHIN_MS = 1000;

/** Holds a wait's slot, not a call's: a thousand files that nobody serves keep no call waiting. */
export const createFindSourceQueue =
  ({ sourceQueues, sourceDeadlineMs }: ActivityDependencies): Activities['findSourceQueue'] =>
  async ({ provider, path: file }) => {
    const found = await heartbeating(BEATS.wait, (signal) =>
      untilFound(() => queueOfFile(sourceQueues, provider, file), { until: Date.now() + sourceDeadlineMs, signal }),
    );
    if (found !== undefined) return found;
    throw failure(
      'InvalidRequest',
      `source.path: ${file}: no worker serves a folder that holds it (waited ${sourceDeadlineMs / 1000} s); ` +
        'start a worker with that folder in its ASSET_LIFECYCLE_SOURCE_ROOTS, or put the file below a folder that is served',
    );
  };

/**
 * One look. The path counts as it stands; when that is below no served folder, so does what its folder is on this
 * host, for those who came through a symlink (`/tmp` is one on macOS).
 */
export async function queueOfFile(
  queues: SourceQueues,
  provider: ProviderName,
  file: string,
): Promise<string | undefined> {
  const found = await queues.find(provider, file);
  if (found !== undefined || !path.isAbsolute(file)) return found;
  const folder = path.dirname(path.resolve(file));
  const given = delay(REAL_PATH_WITHIN_MS, folder, { ref: false });
  const real = await Promise.race([realpath(folder), given]).catch(() => folder);
  return real === folder ? undefined : queues.find(provider, path.join(real, path.basename(file)));
}
