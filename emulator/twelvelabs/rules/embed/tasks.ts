import type { EmbedTaskRecord, MediaFacts } from '../../store/records';
import { readyAsset } from '../assets';
import type { Emulation } from '../emulation';
import { ApiError } from '../../../shared/server/api-error';
import { invalid } from '../errors';
import { fetchInto } from '../fetch-into';
import { refuseForMarengo } from '../media/limits';
import { isFetchable } from '../media/remote-media';
import type { Query } from '../../../shared/server/json-server';
import { known, pageOf, since, until } from '../paging';
import { fetching, lastChangeAt, stateOf, workOnMedia } from '../progress';
import { planOf, refuseOtherKind, refuseOtherWay } from './plan';
import { segmentsOf } from './segments';
import { listedMetadata, taskMetadata } from './task-views';

/**
 * Checks what can be checked at once; a URL is fetched afterwards, and what is wrong with it fails the task.
 * Source: `POST /embed-v2/tasks`.
 */
export async function createTask(emulation: Emulation, body: unknown): Promise<EmbedTaskRecord> {
  const { plan, source } = planOf(body);
  refuseOtherWay(plan, 'task');
  const { store, clock, library } = emulation;
  const task: EmbedTaskRecord = { id: store.newId(), plan, createdAt: clock.now(), progress: fetching(emulation) };
  if (source.asset_id !== undefined) {
    const { asset, media } = readyAsset(emulation, source.asset_id);
    refuseOtherKind(plan, media);
    refuseForMarengo(media);
    Object.assign(task, { assetId: asset.id, filename: asset.filename });
    takeIn(emulation, task, media);
  } else if (source.url !== undefined) {
    if (!isFetchable(source.url)) throw invalid('The url parameter is invalid: it must be an http or https URL.');
    task.url = source.url;
  } else {
    const media = await library.receive([Buffer.from(source.base64_string ?? '', 'base64')]);
    if (!media?.kind) throw invalid('The base64_string parameter is not valid media.');
    refuseOtherKind(plan, media);
    refuseForMarengo(media);
    takeIn(emulation, task, media);
  }
  store.embedTasks.set(task.id, task);
  if (task.url !== undefined) fetchTask(emulation, task);
  return task;
}

export const fetchTask = (emulation: Emulation, task: EmbedTaskRecord): void =>
  fetchInto(emulation, task, (media) => {
    if (media.problem || media.kind !== task.plan.inputType) throw new Error('The media could not be processed.');
    takeIn(emulation, task, media);
  });

function takeIn(emulation: Emulation, task: EmbedTaskRecord, media: MediaFacts): void {
  task.sha256 = media.sha256;
  task.progress = workOnMedia(emulation, media);
}

/** Source: `GET /embed-v2/tasks/{task_id}`. */
export function taskView(emulation: Emulation, id: string) {
  const { store, clock } = emulation;
  const task = store.embedTasks.get(id.toLowerCase());
  if (!task) throw new ApiError(404, 'resource_not_exist', `The task with id ${id} does not exist.`);
  const status = stateOf(task.progress, clock.now());
  const media = store.mediaOf(task);
  return {
    ...summaryView(emulation, task),
    data: status === 'ready' && media ? segmentsOf(task.plan, media) : null,
    ...(status === 'failed' ? { error: { message: task.progress.error } } : {}),
    ...(status === 'ready' ? { metadata: taskMetadata(task, media) } : {}),
  };
}

const STATUSES = ['processing', 'ready', 'failed'];
/** Results are kept that long, and older tasks are listed only when asked for. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** Source: `GET /embed-v2/tasks`. */
export function listTasks(emulation: Emulation, query: Query) {
  const { store, clock } = emulation;
  const now = clock.now();
  const statuses = known(query, 'status', STATUSES);
  const { started_at = clock.iso(now - KEPT_MS) } = query;
  const found = [...store.embedTasks.values()]
    .toReversed()
    .filter(
      (task) =>
        (statuses.length === 0 || statuses.includes(stateOf(task.progress, now))) &&
        since(clock, task.createdAt, { started_at }, 'started_at') &&
        until(clock, task.createdAt, query, 'ended_at'),
    );
  return pageOf(found, query, (task) => ({
    ...summaryView(emulation, task),
    model_name: task.plan.model,
    [`${task.plan.inputType}_embedding`]: { metadata: listedMetadata(task, store.mediaOf(task)) },
  }));
}

function summaryView({ clock }: Emulation, task: EmbedTaskRecord) {
  const now = clock.now();
  return {
    _id: task.id,
    status: stateOf(task.progress, now),
    created_at: clock.iso(task.createdAt),
    updated_at: clock.iso(lastChangeAt(task.progress, now)),
  };
}
