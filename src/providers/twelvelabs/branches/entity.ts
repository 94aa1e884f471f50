import { z } from 'zod';
import { failureType } from '../../../contracts/failures';
import type { Handle } from '../../../contracts/branches/handle';
import { carriesTag, makerIn, readTag, runIdIn, tagFields, type BranchResource } from '../../../contracts/resource';
import type { BranchItem, BranchRemoval, RemoveOptions, TaggedObject } from '../../branch-kind';
import type { ProviderAsset } from '../../assets';
import { outcomeOf, unlessGone, type CallOptions } from '../../outcome';
import { itemsOf } from '../api/lists';
import { CreatedSchema, EntityPageSchema, EntitySchema } from '../api/schemas';
import { entitiesOf } from '../asset-users';
import type { TwelveLabsBranch, TwelveLabsConnection } from '../connection';
import { branchRefusalOf, imageRule } from './media-rules';
import { resourceId } from './resource-id';

/** Makes a new entity of the asset in a collection. With `entityId` it adds the asset to that entity instead. */
export const EntityBranchSchema = z.strictObject({
  type: z.literal('entity'),
  collectionId: resourceId,
  /** Defaults to the asset's filename. */
  name: z.string().min(1).max(255).optional(),
  description: z.string().max(2000).optional(),
  entityId: resourceId.optional(),
});
export type EntityBranch = z.output<typeof EntityBranchSchema>;

const MEMBERSHIP = 'entity-membership';

/**
 * Makes an entity of the asset, or adds the asset to an existing entity.
 * Source: `POST`, `GET`, `DELETE /entity-collections/{id}/entities` and `…/{id}/assets`.
 */
export const entity = {
  type: 'entity',
  schema: EntityBranchSchema,
  flags: [
    { flag: '--collection <id>', field: 'collectionId', help: 'entity: the collection' },
    { flag: '--name <name>', field: 'name', help: 'entity: its name; default: the filename' },
    { flag: '--description <text>', field: 'description', help: 'entity: its description' },
    { flag: '--entity <id>', field: 'entityId', help: 'entity: add the asset to this entity instead of making one' },
  ],
  example: 'face.jpg --branch entity --collection <id> --name Ada',
  watched: { kind: 'entity', listRoute: '/entity-collections/{id}/entities', working: ['processing'] },
  plan: ({ collectionId, entityId, name }) => ({
    stores: false,
    makes:
      entityId === undefined
        ? { kind: 'entity', in: collectionId, name }
        : { kind: MEMBERSHIP, in: collectionId, id: entityId },
  }),

  /** Source: images of entities. */
  mediaRefusal: (_branch, media) => {
    const { kind, container, filename } = media;
    if (kind === undefined) return undefined;
    if (kind === 'image') return branchRefusalOf(imageRule('an entity', media));
    const is = kind === 'video' || kind === 'audio' ? `${kind} (${container})` : 'none';
    return `branch: an entity takes images; ${filename} is ${is}`;
  },

  connect: (connection) => ({
    effect: ({ entityId }) => (entityId === undefined ? 'create' : 'join'),
    start: (items, options) => Promise.all(items.map((item) => outcomeOf(() => startOne(connection, item, options)))),
    find: (item, options) => findFor(connection, item, options),
    madeFrom: async ({ assetId, tag }, { signal } = {}) => {
      const made: BranchResource[] = [];
      for (const { collectionId, entityId, name, metadata } of await entitiesOf(connection.client, assetId, signal)) {
        if (collectionId === undefined) continue;
        const found = { branch: 'entity', id: entityId, in: collectionId, assetId };
        const joined = tag.joined?.find(({ id }) => id === entityId);
        if (carriesTag(metadata, tag)) made.push({ ...found, kind: 'entity', name, ...makerIn(metadata) });
        else if (joined) made.push({ ...found, kind: MEMBERSHIP, madeBy: joined.runId });
      }
      return made;
    },
    tagged: async ({ kind, in: collectionId = '', name = '', tag }, { signal } = {}) => {
      if (kind === MEMBERSHIP) return []; // the id of an existing entity is known
      return (await unlessGone(findTagged(connection, { collectionId, name, tag }, signal))) ?? [];
    },
    remove: (resource, options) =>
      resource.kind === MEMBERSHIP ? leave(connection, resource, options) : remove(connection, resource, options),
    /** The provider deletes an asset that an entity uses, and a sweep finds entities only through their assets. */
    foundByAsset: ({ kind }) => kind === 'entity',
  }),
} satisfies TwelveLabsBranch<EntityBranch>;

const handleOf = (collectionId: string, id: string): Handle => ({
  kind: 'entity',
  id,
  in: collectionId,
  words: `Entity ${id}`,
});

/** Source: `POST /entity-collections/{id}/entities`, `POST …/{id}/assets`. */
async function startOne(
  { client }: TwelveLabsConnection,
  { branch, assetId, name = '', tag }: BranchItem<EntityBranch>,
  { signal }: CallOptions = {},
) {
  const { collectionId, entityId, description } = branch;
  if (entityId !== undefined) {
    // safe to repeat, but after a lost answer cleanup must know that it may have something to undo
    await client.callVoid({ ...membershipCall('POST', { collectionId, entityId, assetId }), creates: true, signal });
    return { id: entityId, handle: handleOf(collectionId, entityId) };
  }
  const { _id: id } = await client.call(
    {
      method: 'POST',
      route: '/entity-collections/{id}/entities',
      path: entitiesPath(collectionId),
      about: name,
      creates: true,
      json: { name, description, asset_ids: [assetId], metadata: tagFields(tag) },
      signal,
    },
    CreatedSchema,
  );
  return { id, handle: handleOf(collectionId, id) };
}

async function findFor(
  connection: TwelveLabsConnection,
  { branch, assetId, name = '', tag }: BranchItem<EntityBranch>,
  { signal }: CallOptions = {},
) {
  const { collectionId, entityId } = branch;
  if (entityId === undefined) {
    const own = await findTagged(connection, { collectionId, name, tag }, signal);
    return own.map(({ id, madeBy }) => ({ id, madeBy, handle: handleOf(collectionId, id) }));
  }
  const entities = await entitiesOf(connection.client, assetId, signal, { gone: 'is a failure' });
  const isIn = entities.some((one) => one.entityId === entityId);
  return isIn ? [{ id: entityId, handle: handleOf(collectionId, entityId), adopted: true }] : [];
}

/**
 * Finds the entities with that name and tag in the collection, oldest first.
 * Source: `GET /entity-collections/{id}/entities`.
 */
async function findTagged(
  { client }: TwelveLabsConnection,
  { collectionId, name, tag }: { collectionId: string; name: string; tag: BranchItem['tag'] },
  signal: AbortSignal | undefined,
): Promise<TaggedObject[]> {
  const own: TaggedObject[] = [];
  const list = {
    route: '/entity-collections/{id}/entities',
    path: entitiesPath(collectionId),
    query: [['name', name]] as const,
    about: name,
    signal,
  };
  for await (const { _id, metadata } of itemsOf(client, list, EntityPageSchema)) {
    if (carriesTag(metadata, tag)) own.push({ id: _id, madeBy: runIdIn(metadata) });
  }
  return own.toReversed(); // the list is newest first
}

type Known = BranchResource & { id: string };

/** Removes an entity, unless others added assets to it and would lose it. With force it is not checked. */
async function remove(
  connection: TwelveLabsConnection,
  { id: entityId, in: collectionId = '', assetId }: Known,
  { force, own, signal }: RemoveOptions,
): Promise<BranchRemoval> {
  const { client } = connection;
  if (!force) {
    const assets = await assetsOf(connection, { collectionId, entityId }, signal);
    const others = assets.filter((one) => one !== assetId && !own.has(one));
    const isUnknown = assetId === '' && own.size === 0 && assets.length === 1; // a single asset must be the own one
    if (others.length > 0 && !isUnknown) {
      const referrers = others.map((one) => `asset ${one}`);
      return { result: 'kept', because: 'others have added assets to it', referrers };
    }
  }
  await client.callVoid({ ...oneEntity('DELETE', { collectionId, entityId }), signal });
  return DELETED;
}

/** Removes the asset from an existing entity, if this lifecycle added it. */
async function leave(
  connection: TwelveLabsConnection,
  membership: Known,
  { force, signal }: RemoveOptions,
): Promise<BranchRemoval> {
  const { id: entityId, in: collectionId = '', assetId } = membership;
  if (membership.unproven && !force) {
    const asset = await unlessGone(connection.assets.get(assetId, { signal }));
    if (!isNotedOn(asset, membership)) {
      return { result: 'kept', because: 'nothing shows that this lifecycle has added the asset to the entity' };
    }
  }
  try {
    await connection.client.callVoid({ ...membershipCall('DELETE', { collectionId, entityId, assetId }), signal });
    return DELETED;
  } catch (error) {
    // The provider refuses to remove the last asset of an entity; any other refusal is a failure.
    if (failureType(error) !== 'ProviderRejected') throw error;
    const assets = await assetsOf(connection, { collectionId, entityId }, signal);
    if (assets.length !== 1 || assets[0] !== assetId) throw error;
    return { result: 'kept', because: `the provider refused: ${(error as Error).message}` };
  }
}

/** A note of a run that the key has completed with is no sign of this run. */
function isNotedOn(asset: ProviderAsset | undefined, { id, tag, ofRunOnly }: Known): boolean {
  const joined = asset && readTag(asset.metadata)?.joined?.find((one) => one.id === id);
  return joined !== undefined && (!ofRunOnly || joined.runId === tag?.runId);
}

const DELETED: BranchRemoval = { result: 'deleted', because: 'the provider deleted it' };

interface EntityRef {
  collectionId: string;
  entityId: string;
}

/** Source: `GET /entity-collections/{id}/entities/{id}`. */
async function assetsOf(
  { client }: TwelveLabsConnection,
  ref: EntityRef,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const { asset_ids } = await client.call({ ...oneEntity('GET', ref), signal }, EntitySchema);
  return asset_ids ?? [];
}

const entitiesPath = (collectionId: string): string =>
  `/entity-collections/${encodeURIComponent(collectionId)}/entities`;

const oneEntity = (method: 'GET' | 'DELETE', { collectionId, entityId }: EntityRef) =>
  ({
    method,
    route: '/entity-collections/{id}/entities/{id}',
    path: `${entitiesPath(collectionId)}/${encodeURIComponent(entityId)}`,
    about: entityId,
    creates: false,
  }) as const;

const membershipCall = (
  method: 'POST' | 'DELETE',
  { collectionId, entityId, assetId }: EntityRef & { assetId: string },
) =>
  ({
    method,
    route: '/entity-collections/{id}/entities/{id}/assets',
    path: `${entitiesPath(collectionId)}/${encodeURIComponent(entityId)}/assets`,
    about: `${entityId}, asset ${assetId}`,
    creates: false,
    json: { asset_ids: [assetId] },
  }) as const;
