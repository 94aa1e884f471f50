import type { EmbedTaskRecord, MediaFacts } from '../../store/records';
import type { Emulation } from '../emulation';
import { ApiError, existing, invalid } from '../errors';
import { fetchInto } from '../fetch-into';
import { one, pageOf, type Page, type Query } from '../paging';
import { fetching, lastChangeAt, stateOf, workOnMedia } from '../progress';
import { mediaAtHand, refuseUnusable } from './media-source';
import { metadataOf } from './metadata';
import { readHead, readPlan, readSource } from './requests';
import { segmentsOf } from './segments';

const RESULTS_KEPT_MS = 7 * 24 * 3600 * 1000;

/** `POST /embed-v2/tasks`. What cannot be embedded is refused here; a URL can only fail later. */
export async function createTask(emulation: Emulation, body: unknown): Promise<EmbedTaskRecord> {
  const { type, model, input } = readHead(body, ['video', 'audio', 'image']);
  const source = readSource(type, input);
  const plan = readPlan(type, model, input);
  const { store, clock, limits } = emulation;
  const task: EmbedTaskRecord = { id: store.newId(), plan, createdAt: clock.now(), progress: fetching(emulation) };
  if ('url' in source) {
    task.url = source.url;
    fetchForTask(emulation, task);
  } else {
    const { media, assetId, filename } = await mediaAtHand(emulation, source);
    refuseUnusable(media, plan);
    if (plan.inputType !== 'image') limits.spendMinutes('embed-media', (media.durationSec ?? 0) / 60);
    if (assetId !== undefined) task.assetId = assetId;
    if (filename !== undefined) task.filename = filename;
    takeIn(emulation, task, media);
  }
  store.embedTasks.set(task.id, task);
  return task;
}

function takeIn(emulation: Emulation, task: EmbedTaskRecord, media: MediaFacts): void {
  task.sha256 = media.sha256;
  task.progress = workOnMedia(emulation, media);
}

/** Also called for tasks whose fetch was interrupted by a restart. */
export function fetchForTask(emulation: Emulation, task: EmbedTaskRecord): void {
  fetchInto(emulation, task, (media) => {
    refuseUnusable(media, task.plan);
    takeIn(emulation, task, media);
  });
}

export function findTask({ store, clock }: Emulation, id: string): EmbedTaskRecord {
  const task = existing(store.embedTasks, 'embedding task', id);
  const endedAt = task.progress.endsAt ?? clock.now();
  if (clock.now() - endedAt <= RESULTS_KEPT_MS) return task;
  throw new ApiError(404, 'resource_not_exist', `The embedding task with id ${id} has expired: results are kept 7 days.`);
}

/** The answer of retrieve, with the embeddings when it is ready. */
export function taskView(emulation: Emulation, task: EmbedTaskRecord): Record<string, unknown> {
  const { clock, store } = emulation;
  const status = stateOf(task.progress, clock.now());
  const media = store.mediaOf(task);
  return {
    ...headView(emulation, task),
    data: status === 'ready' && media ? segmentsOf(media, task.plan) : null,
    ...(status === 'ready' ? { metadata: metadataOf({ ...task, media }) } : {}),
    ...(status === 'failed' ? { error: { message: task.progress.error } } : {}),
  };
}

function headView({ clock }: Emulation, task: EmbedTaskRecord): Record<string, unknown> {
  const now = clock.now();
  return {
    _id: task.id,
    status: stateOf(task.progress, now),
    created_at: clock.iso(task.createdAt),
    updated_at: clock.iso(lastChangeAt(task.progress, now)),
  };
}

/** Newest first; without a window, those of the last 7 days. */
export function listTasks(emulation: Emulation, query: Query): Page<Record<string, unknown>> {
  const { clock, store } = emulation;
  const now = clock.now();
  const from = timeOf(query, 'started_at') ?? now - RESULTS_KEPT_MS;
  const to = timeOf(query, 'ended_at') ?? Infinity;
  const status = one(query, 'status');
  const found = [...store.embedTasks.values()]
    .reverse()
    .filter(({ createdAt }) => createdAt >= from && createdAt <= to)
    .filter(({ progress }) => status === undefined || stateOf(progress, now) === status);
  return pageOf(found, query, (task) => ({
    ...headView(emulation, task),
    model_name: task.plan.model,
    ...(task.plan.inputType === 'image'
      ? {}
      : { [`${task.plan.inputType}_embedding`]: { metadata: metadataOf({ ...task, media: store.mediaOf(task) }) } }),
  }));
}

function timeOf(query: Query, name: string): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalid(`The ${name} parameter must be an RFC 3339 time.`);
  return at;
}
