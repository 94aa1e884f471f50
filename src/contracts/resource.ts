import { CLEANUP_POLICIES, type CleanupPolicy } from './cleanup-policy';

/**
 * Something a lifecycle may have made at the provider, registered before the call that makes it.
 * An id is absent while that call's outcome is not known; cleanup then looks for the lifecycle's tag.
 */
export type Resource = AssetResource | BranchResource | ResultResource;

export interface AssetResource {
  kind: 'asset';
  id?: string;
  /** It existed before the lifecycle, which removes it only by force. */
  adopted: boolean;
  /** Whatever else carries the tag ends as well; without it, only the id does. */
  tag?: LifecycleTag;
  /** Narrows the search for the tag. */
  filename?: string;
  /** RFC 3339 start of the lifecycle; the search for the tag goes back to it. */
  since?: string;
  /** Id of the asset that an earlier run of the key had; it is this one if this run has taken it up. */
  earlierId?: string;
  /** {@link claimOf} its tag when a sweep judged it: with another claim it is left alone. */
  claim?: string;
  /** It was reserved by an upload session that never took all its parts: there is nothing to keep. */
  session?: { id: string; expiresAt?: string };
}

/** What a branch makes of the asset, or the asset's place in something that existed before. */
export interface BranchResource {
  /** As the branch's plan names it. Never `asset` or `result`. */
  kind: string;
  /** `type` of the branch, whose object at the provider finds and removes it. */
  branch: string;
  id?: string;
  /** Id of what it is in, where it is in something. */
  in?: string;
  /** Narrows the search for the tag. */
  name?: string;
  /** The asset that the lifecycle made it from; other assets in it are others'. */
  assetId: string;
  /** As with an asset. */
  tag?: LifecycleTag;
  /** Somebody else had made it before. */
  adopted?: boolean;
  /** The step ended without an answer or a sign of a write: only a note on the asset shows that it was ours. */
  unproven?: boolean;
}

/** The stored embeddings of a lifecycle, in the result store. */
export interface ResultResource {
  kind: 'result';
  /** The name the result store was given; see `resultName`. */
  id: string;
  /** Where it was written, when that was the folder of one host. */
  stored?: { uri: string; host: string };
}

export const isAsset = (resource: Resource): resource is AssetResource => resource.kind === 'asset';
export const isResult = (resource: Resource): resource is ResultResource => resource.kind === 'result';
export const isOfBranch = (resource: Resource): resource is BranchResource => 'branch' in resource;

/** Whose something is, as the workflow knows it. */
export interface LifecycleTag {
  key: string;
  workflowId: string;
  /** Run id of the lifecycle that made or last took up the object. */
  runId: string;
  /** The input's `cleanup.onCancel`: what is to become of it when its run was ended from outside. */
  onCancel: CleanupPolicy;
  /** The input's `cleanup.onFailure`. */
  onFailure: CleanupPolicy;
  /** What the source's content was, as far as a later run can compare it; set by the activity that has read it. */
  content?: string;
}

/**
 * Marks what a lifecycle made; kept in the provider's user metadata, so that it is also the ledger of orphans.
 * `owner` is the id of the Temporal namespace: others that share the account leave each other's objects alone.
 */
export interface LedgerTag extends LifecycleTag {
  owner: string;
}

/** The name of a run's result in the store. No other namespace or run has it, so that many can share a store. */
export const resultName = ({ owner, workflowId, runId }: Pick<LedgerTag, 'owner' | 'workflowId' | 'runId'>): string =>
  `${owner}/${workflowId}/${runId}`;

/** Why a lifecycle let go of its asset: it has done its work, or was told to keep it. */
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
  joined: 'asset_lifecycle_joined',
} as const;

/** A field that the tag lacks is left out: a provider refuses empty values. */
export function tagFields(tag: LedgerTag): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const name of ['key', 'workflowId', 'runId', 'owner', 'onCancel', 'onFailure', 'content'] as const) {
    const value = tag[name];
    if (value !== undefined) fields[TAG_FIELDS[name]] = value;
  }
  return fields;
}

/** The release mark and the run that set it; `null` takes both away again. */
export const releaseFields = (release: Release | null, runId?: string): Record<string, string | null> => ({
  [TAG_FIELDS.released]: release,
  [TAG_FIELDS.releasedBy]: release === null ? null : (runId ?? null),
});

export const carriesTag = (
  metadata: Record<string, unknown> | undefined,
  { key, owner }: Pick<LedgerTag, 'key' | 'owner'>,
): boolean => metadata?.[TAG_FIELDS.key] === key && metadata[TAG_FIELDS.owner] === owner;

/** Notes on an asset, before it is added, the existing object that its lifecycle adds it to. */
export const joinedField = (joined: { in: string; id: string }) => ({
  [TAG_FIELDS.joined]: `${joined.in}/${joined.id}`,
});

/** A tag as it was read back, with the release mark and the run that set it. */
export interface ReadTag extends LedgerTag {
  released?: Release;
  /** Run id. */
  releasedBy?: string;
  /** The existing object that the lifecycle added the asset to, or was about to. */
  joined?: { in: string; id: string };
}

/** True if another lifecycle has adopted the asset: that one's mark has ended the claim of the run in the tag. */
export const isAdoptedByAnother = ({ runId, releasedBy }: ReadTag): boolean =>
  releasedBy !== undefined && releasedBy !== runId;

/** Which run claims the asset, and whether it was let go of; changes when somebody takes the asset up or lets it go. */
export const claimOf = ({ runId, released, releasedBy }: ReadTag): string =>
  [runId, released, releasedBy].map((part) => part ?? '').join('|');

/** The tag in user metadata; `undefined` where there is none, or not a whole one. */
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
  const [parent, id] = text('joined')?.split('/') ?? [];
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
    joined: parent && id ? { in: parent, id } : undefined,
  };
}
