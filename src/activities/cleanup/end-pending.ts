import type { Handle } from '../../contracts/branches/handle';
import { failure } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { readTag, type AssetResource } from '../../contracts/resource';
import type { Observation } from '../../providers/media-provider';
import { ledgerTag } from '../dependencies';
import { lookTogether } from '../lib/look-together';
import { untilFound } from '../lib/until-found';
import { SESSION_ENDED, SESSION_GOES_ON, sessionEntry } from '../uploads/leave-session';
import type { Removal } from './removal';

/** What became of an item that was handed in. */
export interface EndOfPending {
  /** Of its session. */
  entries: ReceiptEntry[];
  /** The asset that came of it nevertheless. */
  assetIds: string[];
  /** True if nothing can come of it any more, beside `assetIds`. */
  decided: boolean;
}

/** Then the call queue gets its slot back, and the next attempt goes on. */
const WAIT_FOR_SESSION_MS = 60_000;

/**
 * Gives up what the lifecycle handed in and whose asset is not known yet, also what it handed in without hearing of it.
 * Where the session goes on for other files and may have got all bytes of this one, waits until the provider has
 * decided. Under the policy `keep` a file that was sent goes on to become an asset.
 * @throws ProviderUnavailable while that is open: the next attempt goes on
 */
export async function endPending(resource: AssetResource, removal: Removal): Promise<EndOfPending> {
  const { pending, unsent = false } = resource;
  const end: EndOfPending = { entries: [], assetIds: [], decided: unsent && pending !== undefined };
  if (resource.id !== undefined) return end;
  const handles = await handedIn(resource, removal);
  let decided = handles.length > 0 && pending !== undefined;
  for (const handle of handles) {
    const isUnsent = unsent || handle.id !== pending?.id;
    if (removal.policy === 'keep' && !isUnsent) {
      end.entries.push(sessionEntry(handle, 'kept', 'the cleanup policy is "keep"'));
      decided = false;
      continue;
    }
    const state = await removal.provider.intake.abandon?.(handle);
    const observation = await lastOf(handle, removal, state === 'open' && !isUnsent);
    decided &&= isUnsent || observation !== undefined;
    const assetId = ownAssetIn(observation, resource, removal);
    if (assetId !== undefined) end.assetIds.push(assetId);
    end.entries.push(sessionEntry(handle, 'deleted', wordsOf(state, { assetId, observation })));
  }
  return { ...end, decided: end.decided || decided };
}

/** Says no more than was seen: that a session has ended does not prove that nothing came of the file. */
function wordsOf(
  state: 'ended' | 'open' | undefined,
  { assetId, observation }: { assetId?: string; observation?: Observation },
): string {
  if (assetId !== undefined) return `asset ${assetId} had come of it`;
  if (state === 'open') return SESSION_GOES_ON;
  if (observation?.asset)
    return `asset ${observation.asset.id} of its name is not this lifecycle’s, and ${SESSION_ENDED}`;
  return `${observation ? 'nothing came of it' : 'no asset of it is listed yet'}, and ${SESSION_ENDED}`;
}

/** The known handle first. */
async function handedIn({ pending, tag }: AssetResource, { deps, provider, signal }: Removal): Promise<Handle[]> {
  const open = tag ? ((await provider.intake.openFor?.(ledgerTag(deps, tag), { signal })) ?? []) : [];
  return [...(pending ? [pending] : []), ...open.filter(({ id }) => id !== pending?.id)];
}

/** What the provider says of the item now, or as soon as it has decided. */
async function lastOf(handle: Handle, { provider, signal }: Removal, waits: boolean): Promise<Observation | undefined> {
  const look = async (): Promise<Observation | undefined> => {
    const heard = await lookTogether(provider, handle, signal);
    return heard.state === 'working' ? undefined : heard;
  };
  const until = waits ? Date.now() + WAIT_FOR_SESSION_MS : 0;
  const observation = await untilFound(look, { until, signal, together: true });
  if (observation || !waits) return observation;
  throw failure('ProviderUnavailable', `${handle.words}: may still become an asset; its session is looked at again`);
}

/** Found by name and content. An asset with the tag of another run is not this lifecycle's. */
function ownAssetIn(
  observation: Observation | undefined,
  { tag }: AssetResource,
  { deps }: Removal,
): string | undefined {
  const { state, asset } = observation ?? {};
  if (state !== 'ready' || !asset) return undefined;
  const its = readTag(asset.metadata);
  return its && (its.runId !== tag?.runId || its.owner !== deps.owner) ? undefined : asset.id;
}
