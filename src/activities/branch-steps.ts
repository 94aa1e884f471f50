import { Context, log } from '@temporalio/activity';
import type { Activities, ReleaseAssetInput, StoredEmbedding } from '../contracts/activities';
import type { EntityBranch } from '../contracts/branch';
import type { ProviderName } from '../contracts/ids';
import { failure, failureType } from '../contracts/failures';
import { carriesTag, joinedField, type LedgerTag } from '../contracts/resource';
import { SubmissionAborted, type EmbeddingSegment, type MediaProvider } from '../providers/media-provider';
import { calling, cancellationOf } from './lib/activity-call';
import { accountOf, ledgerTag, type ActivityDependencies } from './dependencies';
import { indexEntries } from './ownership/index-entries';
import { release } from './ownership/release-asset';
import { writeOnce } from './lib/write-once';

type BranchSteps = Pick<
  Activities,
  'ensureEmbedding' | 'embedAtOnce' | 'storeEmbedding' | 'ensureEntity' | 'ensureIndexedAsset'
>;

/** Starts the downstream step, once: every attempt first looks for what an earlier one may have made. */
export function createBranchSteps(deps: ActivityDependencies): BranchSteps {
  return {
    /** An embed task carries no tag and cannot be deleted: after a lost answer another one is started. */
    ensureEmbedding: ({ provider: name, assetId, fileType, filename, branch }) =>
      writing((signal) =>
        accountOf(deps, name).provider.createEmbedding({ assetId, fileType, filename }, branch, { signal }),
      ),

    /** Nothing is made at the provider: after a lost answer it is asked again. */
    embedAtOnce: ({ provider: name, assetId, fileType, filename, branch, resultName, release: releasing }) =>
      writing(async (signal) => {
        const asset = { assetId, fileType, filename };
        const segments = await accountOf(deps, name).provider.embedAtOnce(asset, branch, { signal });
        if (signal.aborted) throw cancellationOf(signal);
        return store(deps, { what: `The embedding of asset ${assetId}`, segments, resultName, releasing }, signal);
      }),

    storeEmbedding: ({ provider: name, taskId, resultName, release: releasing }) =>
      calling(async (signal) => {
        const segments = await accountOf(deps, name).provider.readEmbedding(taskId, { signal });
        return store(deps, { what: `Embed task ${taskId}`, segments, resultName, releasing }, signal);
      }),

    ensureEntity: ({ provider: name, assetId, branch, name: entityName, tag }) =>
      branch.entityId === undefined
        ? makeEntity(deps, { name, assetId, branch, entityName, tag: ledgerTag(deps, tag) })
        : joinEntity(deps, {
            name,
            assetId,
            collectionId: branch.collectionId,
            entityId: branch.entityId,
            tag: ledgerTag(deps, tag),
          }),

    ensureIndexedAsset: ({ provider: name, assetId, branch, tag }) => {
      const { indexId, enableVideoStream } = branch;
      const own = ledgerTag(deps, tag);
      return writeOnce<{ indexedAssetId: string; adopted?: boolean }, MediaProvider>({
        settleWindowMs: deps.settleWindowMs,
        prepare: async () => accountOf(deps, name).provider,
        find: async (provider, { signal }) => {
          const { own: ours, others } = await indexEntries(provider, { assetId, indexId, tag: own }, signal);
          if (ours[0]) return { indexedAssetId: ours[0].indexedAssetId };
          return others[0] && { indexedAssetId: others[0].indexedAssetId, adopted: true };
        },
        make: (provider, signal) =>
          provider.createIndexedAsset({ indexId, assetId, enableVideoStream, tag: own }, { signal }),
      });
    },
  };
}

/** A write that was aborted before it had gone out is a cancellation and not a failure. */
const writing = <T>(write: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  calling(async (signal) => {
    try {
      return await write(signal);
    } catch (error) {
      throw error instanceof SubmissionAborted ? cancellationOf(signal) : error;
    }
  });

interface Embedded {
  /** What was embedded, for messages. */
  what: string;
  segments: EmbeddingSegment[];
  resultName: string;
  releasing?: ReleaseAssetInput;
}

async function store(
  deps: ActivityDependencies,
  { what, segments, resultName, releasing }: Embedded,
  signal: AbortSignal,
): Promise<StoredEmbedding> {
  const dimensions = segments[0]?.embedding.length;
  if (dimensions === undefined) throw failure('ProcessingFailed', `${what} is ready, but holds no segments`);
  const again = Context.current().info.attempt > 1;
  const result = { ...(await deps.results.write(resultName, segments, { again })), dimensions };
  return { result, surplus: releasing ? await release(deps, releasing, signal) : [] };
}

interface NewEntity {
  name: ProviderName;
  assetId: string;
  branch: EntityBranch;
  entityName: string;
  tag: LedgerTag;
}

const makeEntity = (deps: ActivityDependencies, { name, assetId, branch, entityName, tag }: NewEntity) =>
  writeOnce({
    settleWindowMs: deps.settleWindowMs,
    prepare: async () => accountOf(deps, name).provider,
    find: async (provider, { signal }) => {
      const { collectionId } = branch;
      const [entityId] = await provider.findEntities({ collectionId, name: entityName, tag }, { signal });
      return entityId === undefined ? undefined : { entityId };
    },
    make: (provider, signal) => {
      const { collectionId, description } = branch;
      return provider.createEntity({ collectionId, name: entityName, description, assetId, tag }, { signal });
    },
  });

interface Membership {
  name: ProviderName;
  assetId: string;
  collectionId: string;
  entityId: string;
  tag: LedgerTag;
}

/**
 * Adding twice changes nothing, so nothing is waited for; but whether the asset was there before must be known. That
 * stands in the record that goes to the server before the write: an attempt without one finds what others have added.
 */
const joinEntity = (deps: ActivityDependencies, { name, assetId, collectionId, entityId, tag }: Membership) =>
  writeOnce<{ entityId: string; adopted?: boolean }, MediaProvider>({
    settleWindowMs: 0,
    prepare: async () => accountOf(deps, name).provider,
    find: async (provider, { ambiguous, signal }) => {
      const entities = await provider.listEntitiesOf(assetId, { signal });
      if (!entities.some((entity) => entity.entityId === entityId)) return undefined;
      return ambiguous ? { entityId } : { entityId, adopted: true };
    },
    record: (details) => deps.progress.makeDurable(details),
    make: async (provider, signal) => {
      await noteJoined(provider, { assetId, collectionId, entityId, tag }, signal);
      await provider.addToEntity({ collectionId, entityId, assetId }, { signal });
      return { entityId };
    },
  });

/** On the lifecycle's own asset, where a sweep reads which membership is to go with it. */
async function noteJoined(
  provider: MediaProvider,
  { assetId, collectionId, entityId, tag }: Omit<Membership, 'name'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { metadata } = await provider.getAsset(assetId, { signal });
    if (!carriesTag(metadata, tag)) return;
    await provider.annotateAsset(assetId, joinedField({ collectionId, entityId }), { signal });
  } catch (error) {
    if (failureType(error) !== 'ProviderRejected') throw error;
    log.warn('the asset could not be noted as part of the entity', { assetId, entityId, error: String(error) });
  }
}
