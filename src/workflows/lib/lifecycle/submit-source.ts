import type { SubmitSourceInput } from '../../../contracts/activities';
import type { AssetResource } from '../../../contracts/resource';
import { filenameOfSource } from '../../../contracts/source-name';
import type { Steps } from '../steps';
import { noteUpload, untakenTimeout } from '../step-failures';
import type { Lifecycle } from './lifecycle';

/** Hands the source to the provider, or takes up the asset that the source names. */
export async function submitSource(life: Lifecycle): Promise<void> {
  const { provider, source, metadata, fields, upload, branches, preflight } = life.input;
  const { tag, earlier } = life;
  const own = assetOfKey(life);
  const { since, filename } = own;
  const made: AssetResource =
    life.made.asset ?? (source.type === 'asset' ? { ...own, id: source.assetId, adopted: true } : own);
  const queue = await fileQueueOf(life);
  const common = { provider, source, filename, metadata, fields, upload, branches, preflight };
  const submission = { ...common, tag, since, earlier };
  const submitted = await life.made.making([made], () => submitFrom(queue, life, { made, submission }));
  const { abandoned = [], source: facts, ...handedIn } = submitted;
  life.status.source = facts;
  life.noteEnded(abandoned);
  made.session = undefined; // a session that an earlier activity left is complete by now, or was given up
  made.pending = undefined;
  made.unsent = undefined;
  if ('pending' in handedIn) {
    const { pending } = handedIn;
    made.pending = pending;
    life.status.ingestion = { id: pending.id, in: pending.in };
  } else {
    life.asset = handedIn;
    made.id = handedIn.id;
    if (handedIn.adopted) made.adopted = true;
    if (handedIn.completedBefore) made.completedBefore = true;
  }
}

/** The asset of the key, whose id nobody knows yet. */
export function assetOfKey({ input, tag, earlier, status }: Lifecycle) {
  const { source } = input;
  const filename = input.filename ?? (source.type === 'asset' ? undefined : filenameOfSource(source));
  const since = status.timings.startedAt;
  return { kind: 'asset', adopted: false, tag, filename, since, earlierId: earlier?.assetId } satisfies AssetResource;
}

/**
 * The task queue of the workers that have the file; `undefined` for other sources, which any worker can submit. It costs
 * no event if it was found when the input was accepted.
 * @throws InvalidRequest when nobody serves the file by the deadline; nothing was made.
 */
async function fileQueueOf({ input, steps }: Lifecycle): Promise<string | undefined> {
  const { provider, source, sourceQueue } = input;
  if (source.type !== 'file') return undefined;
  return sourceQueue ?? steps.findSourceQueue({ provider, path: source.path });
}

/**
 * Submits the source from that queue. When no worker takes the upload, looks again for the queue that serves the file,
 * and submits from there. The new activity gets the last heartbeat of the one before, so that an upload goes on instead
 * of beginning again.
 * @param made the resource that cleanup ends if this fails.
 */
async function submitFrom(
  queue: string | undefined,
  life: Lifecycle,
  { made, submission }: { made: AssetResource; submission: SubmitSourceInput },
): ReturnType<Steps['submitSource']> {
  try {
    return await life.steps.submitSource(submission, queue);
  } catch (error) {
    const { provider, source } = life.input;
    const untaken = untakenTimeout(error);
    if (source.type !== 'file' || !untaken) throw error;
    noteUpload(made, error);
    const resume: unknown = untaken.lastHeartbeatDetails ?? submission.resume;
    const found = await life.steps.findSourceQueue({ provider, path: source.path });
    return submitFrom(found, life, { made, submission: resume === undefined ? submission : { ...submission, resume } });
  }
}
