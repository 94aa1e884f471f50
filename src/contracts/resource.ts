import type { Handle } from './branches/handle';
import { CLEANUP_POLICIES, type CleanupPolicy } from './cleanup-policy';

/**
 * Something a lifecycle may have made at the provider. It is recorded before the call that makes it. The id is absent
 * while the outcome of that call is unknown; cleanup then looks for the lifecycle's tag.
 */
export type Resource = AssetResource | BranchResource | ResultResource | SessionResource;

export interface AssetResource {
  kind: 'asset';
  id?: string;
  /** True if it existed before the lifecycle, which then removes it only by force. */
  adopted: boolean;
  /** With a tag, cleanup removes every asset that carries it; without, only the asset of this id. */
  tag?: LifecycleTag;
  /** Narrows the search for the tag. */
  filename?: string;
  /** RFC 3339 start of the lifecycle; the search for the tag goes back to it. */
  since?: string;
  /** Id of the asset of the key's earlier run. It is this same asset if this run adopted it. */
  earlierId?: string;
  /** {@link claimOf} its tag at the time of the sweep. If the claim differs by now, the asset is left alone. */
  claim?: string;
  /** The upload session that reserved it and never got all parts: such an asset has no content to keep. */
  session?: { id: string; expiresAt?: string };
  /** Handed in, and its asset is not known yet. */
  pending?: Handle;
  /** True if an earlier run of the key completed with it. Its tag may tell no more: this run sets its own mark before it ends. */
  completedBefore?: boolean;
  /** True if `pending` certainly did not get all of its bytes, so that no asset comes of it. */
  unsent?: boolean;
  /** True if the lifecycle itself made none: what earlier runs of the key left is there by now, or nowhere. */
  ofEarlierRuns?: boolean;
}

/** An object that a branch makes of the asset, or the asset's membership in an existing object. */
export interface BranchResource {
  /** As the branch's plan names it. Never `asset`, `result` or `upload-session`. */
  kind: string;
  /** `type` of the branch, whose operations find and remove it. */
  branch: string;
  id?: string;
  /** Id of its parent, if it has one. */
  in?: string;
  /** Narrows the search for the tag. */
  name?: string;
  /** The asset that the lifecycle made it from. All other assets in it belong to others. */
  assetId: string;
  /** Tag to look for, as in an asset; of a membership, whose run the note on the asset must name. */
  tag?: LifecycleTag;
  /** True if it was there before. */
  adopted?: boolean;
  /** True if the step ended without an answer or a recorded write. Then only a note on the asset proves that it is ours. */
  unproven?: boolean;
  /** True if only what this run made is removed, unless forced: of an adopted asset, or one that a run completed with. */
  ofRunOnly?: boolean;
  /** Run id in the object's own tag, where it was read. */
  madeBy?: string;
  /** {@link claimOf} the asset's tag at the time of the sweep. If it differs by now, the object is left alone. */
  claim?: string;
  /** What the object's own tag says of a run that was terminated, where it was read; a membership has no tag. */
  onCancel?: CleanupPolicy;
}

/** The stored embeddings of a lifecycle, in the result store. */
export interface ResultResource {
  kind: 'result';
  /** Name in the result store; see `resultName`. */
  id: string;
  /** Where it was written, if that is the folder of a single host. */
  stored?: { uri: string; host: string };
}

/** A file in a session that is still open, of which no asset is known. Only the session ends with it. */
export interface SessionResource {
  kind: 'upload-session';
  /** Of the session. */
  id: string;
  pending: Handle;
}

export const isSession = (resource: Resource): resource is SessionResource => resource.kind === 'upload-session';
export const isAsset = (resource: Resource): resource is AssetResource => resource.kind === 'asset';
export const isResult = (resource: Resource): resource is ResultResource => resource.kind === 'result';
export const isOfBranch = (resource: Resource): resource is BranchResource => 'branch' in resource;

/** Ownership of an object, as the workflow knows it. */
export interface LifecycleTag {
  key: string;
  workflowId: string;
  /** Run id of the lifecycle that made or last adopted the object. */
  runId: string;
  /** The input's `cleanup.onCancel`; also applied to a run that was terminated. */
  onCancel: CleanupPolicy;
  /** The input's `cleanup.onFailure`. */
  onFailure: CleanupPolicy;
  /** Content of the source, for a later run to compare; set by the activity that read it. */
  content?: string;
}

/**
 * Marks the objects of a lifecycle, in the provider's user metadata. Sweeps find orphans by it. `owner` is the id of
 * the Temporal namespace, so that namespaces that share an account leave each other's objects alone.
 */
export interface LedgerTag extends LifecycleTag {
  owner: string;
  /** Id of the store that the asset's marks lie in, where its provider keeps none on the asset. */
  marks?: string;
}

/**
 * Name of a run's result in the store; unique for each namespace and run, so that they can share a store.
 * @param nth which of the run's branches it is of, from 0.
 */
export const resultName = (
  { owner, workflowId, runId }: Pick<LedgerTag, 'owner' | 'workflowId' | 'runId'>,
  nth = 0,
): string => `${owner}/${workflowId}/${runId}${nth === 0 ? '' : `-${nth + 1}`}`;

/** Why a lifecycle released its asset: it completed, or its policy was to keep the asset. */
export const RELEASES = ['completed', 'kept'] as const;
export type Release = (typeof RELEASES)[number];

/** The tag as user metadata fields. */
export const TAG_FIELDS = {
  key: 'asset_lifecycle_key',
  workflowId: 'asset_lifecycle_workflow',
  runId: 'asset_lifecycle_run',
  owner: 'asset_lifecycle_owner',
  onCancel: 'asset_lifecycle_on_cancel',
  onFailure: 'asset_lifecycle_on_failure',
  content: 'asset_lifecycle_content',
  released: 'asset_lifecycle_released',
  releasedBy: 'asset_lifecycle_released_by',
  completedBy: 'asset_lifecycle_completed_by',
  marks: 'asset_lifecycle_marks',
} as const;

/** Beginning of the names of all fields of a tag. */
const TAG_PREFIX = 'asset_lifecycle_';

/** True for the name of a field that only lifecycles write. */
export const isTagField = (name: string): boolean => name.startsWith(TAG_PREFIX);

/** Beginning of the fields that note what an asset was added to; the id of the object follows. */
const JOINED_PREFIX = 'asset_lifecycle_joined_';

/** User metadata fields of a tag. Absent values are left out, because providers refuse empty ones. */
export function tagFields(tag: LedgerTag): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const name of ['key', 'workflowId', 'runId', 'owner', 'onCancel', 'onFailure', 'content', 'marks'] as const) {
    const value = tag[name];
    if (value !== undefined) fields[TAG_FIELDS[name]] = value;
  }
  return fields;
}

/** Fields of a release mark and the run that sets it; `null` removes both. */
export const releaseFields = (release: Release | null, runId?: string): Record<string, string | null> => ({
  [TAG_FIELDS.released]: release,
  [TAG_FIELDS.releasedBy]: release === null ? null : (runId ?? null),
});

/** Field that keeps in mind with which run the key had completed, while another run has the asset. */
export const completedField = (runId: string | undefined): Record<string, string | null> =>
  runId === undefined ? {} : { [TAG_FIELDS.completedBy]: runId };

export const carriesTag = (
  metadata: Record<string, unknown> | undefined,
  { key, owner }: Pick<LedgerTag, 'key' | 'owner'>,
): boolean => metadata?.[TAG_FIELDS.key] === key && metadata[TAG_FIELDS.owner] === owner;

/** An existing object that a run added the asset to, or was about to add it to. */
export interface JoinedObject {
  in: string;
  id: string;
  runId: string;
}

/** The field that notes on an asset which existing object it is about to be added to; one for each object. */
export const joinedField = ({ in: parent, id, runId }: JoinedObject): Record<string, string> => ({
  [`${JOINED_PREFIX}${id}`]: `${parent}/${runId}`,
});

/** Removes the whole tag from user metadata like these. */
export const noTagFields = (metadata: Record<string, unknown>): Record<string, null> =>
  Object.fromEntries(
    [...Object.values(TAG_FIELDS), ...Object.keys(metadata).filter((name) => name.startsWith(JOINED_PREFIX))].map(
      (name) => [name, null],
    ),
  );

function readJoined(metadata: Record<string, unknown>): JoinedObject[] | undefined {
  const joined = Object.entries(metadata).flatMap(([name, value]) => {
    if (!name.startsWith(JOINED_PREFIX) || typeof value !== 'string') return [];
    const [parent, runId = ''] = value.split('/');
    return parent ? [{ in: parent, id: name.slice(JOINED_PREFIX.length), runId }] : [];
  });
  return joined.length > 0 ? joined : undefined;
}

/** A tag read from the provider, with its release mark. */
export interface ReadTag extends LedgerTag {
  released?: Release;
  /** Run id of the lifecycle that set the release mark. */
  releasedBy?: string;
  /** Run with which the key completed before the one in the tag took the asset up. */
  completedBy?: string;
  /** Objects that runs of the key have added the asset to. */
  joined?: readonly JoinedObject[];
}

/**
 * True if another run of the key than this one completed with the asset: what it made is not this run's to remove,
 * unless by force.
 */
export const completedByAnother = ({ runId, released, completedBy }: ReadTag, thisRun: string | undefined): boolean =>
  completedBy !== undefined ? completedBy !== thisRun : released === 'completed' && runId !== thisRun;

/**
 * The run before this one that is to stay in mind, of an asset that some run completed with. The run in the tag is another one where
 * the provider refused to note that this one took it up.
 */
export const completerBefore = (tag: ReadTag | undefined, thisRun: string): string | undefined =>
  tag?.completedBy ?? (tag?.runId === thisRun ? undefined : tag?.runId);

/** True if another lifecycle adopted the asset. Its mark ends the claim of the run in the tag. */
export const isAdoptedByAnother = ({ runId, releasedBy }: ReadTag): boolean =>
  releasedBy !== undefined && releasedBy !== runId;

/** The run that claims the asset and its release mark, as one text. It changes when the asset is adopted or released. */
export const claimOf = ({ runId, released, releasedBy }: ReadTag): string =>
  [runId, released, releasedBy].map((part) => part ?? '').join('|');

/** Run id in user metadata that hold a tag. */
export function runIdIn(metadata: Record<string, unknown> | undefined): string | undefined {
  const runId = metadata?.[TAG_FIELDS.runId];
  return typeof runId === 'string' ? runId : undefined;
}

/** Which run made an object with user metadata like these, and what it wants of it. */
export function makerIn(metadata: Record<string, unknown> | undefined): Pick<BranchResource, 'madeBy' | 'onCancel'> {
  const policy = metadata?.[TAG_FIELDS.onCancel];
  return { madeBy: runIdIn(metadata), onCancel: CLEANUP_POLICIES.find((one) => one === policy) };
}

/** Reads the tag from user metadata; `undefined` if there is no complete one. */
export function readTag(metadata: Record<string, unknown>): ReadTag | undefined {
  const text = (name: keyof typeof TAG_FIELDS): string | undefined => {
    const value = metadata[TAG_FIELDS[name]];
    return typeof value === 'string' ? value : undefined;
  };
  const policy = (name: 'onCancel' | 'onFailure'): CleanupPolicy | undefined =>
    CLEANUP_POLICIES.find((one) => one === metadata[TAG_FIELDS[name]]);
  const key = text('key');
  const workflowId = text('workflowId');
  const owner = text('owner');
  const runId = text('runId');
  const onCancel = policy('onCancel');
  const onFailure = policy('onFailure');
  if (key === undefined || workflowId === undefined || runId === undefined) return undefined;
  if (owner === undefined || !onCancel || !onFailure) return undefined;
  const released = RELEASES.find((one) => one === metadata[TAG_FIELDS.released]);
  return {
    key,
    workflowId,
    owner,
    onCancel,
    runId,
    onFailure,
    content: text('content'),
    released,
    releasedBy: text('releasedBy'),
    completedBy: text('completedBy'),
    marks: text('marks'),
    joined: readJoined(metadata),
  };
}
