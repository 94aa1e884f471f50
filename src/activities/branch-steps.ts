import type { Activities } from '../contracts/activities';
import { failure } from '../contracts/failures';
import { calling } from './activity-call';
import { accountOf, type ActivityDependencies } from './dependencies';
import { writeOnce } from './write-once';

type BranchSteps = Pick<Activities, 'ensureEmbedding' | 'storeEmbedding' | 'ensureEntity' | 'ensureIndexedAsset'>;

/** Starts the downstream step, once: every attempt first looks for what an earlier one may have made. */
export function createBranchSteps(deps: ActivityDependencies): BranchSteps {
  return {
    /** An embed task carries no tag and cannot be deleted: after a lost answer another one is started. */
    ensureEmbedding: ({ provider: name, assetId, fileType, filename, branch }) =>
      calling((signal) =>
        accountOf(deps, name).provider.createEmbedding({ assetId, fileType, filename }, branch, { signal }),
      ),

    storeEmbedding: ({ provider: name, taskId, resultName }) =>
      calling(async (signal) => {
        const segments = await accountOf(deps, name).provider.readEmbedding(taskId, { signal });
        const dimensions = segments[0]?.embedding.length;
        if (dimensions === undefined) {
          throw failure('ProcessingFailed', `Embed task ${taskId} is ready at ${name}, but holds no segments`);
        }
        return { ...(await deps.results.write(resultName, segments)), dimensions };
      }),

    ensureEntity: ({ provider: name, assetId, branch, name: entityName, tag }) => {
      const { collectionId, entityId, description } = branch;
      return writeOnce({
        settleWindowMs: deps.settleWindowMs,
        prepare: async () => accountOf(deps, name).provider,
        // The collection is new to the tag on the first attempt; adding to an entity twice changes nothing.
        find: async (provider, { ambiguous, signal }) =>
          ambiguous && entityId === undefined
            ? await provider.findEntity({ collectionId, name: entityName, tag }, { signal })
            : undefined,
        make: async (provider, signal) => {
          if (entityId === undefined) {
            return provider.createEntity({ collectionId, name: entityName, description, assetId, tag }, { signal });
          }
          await provider.addToEntity({ collectionId, entityId, assetId }, { signal });
          return { entityId };
        },
      });
    },

    ensureIndexedAsset: ({ provider: name, assetId, branch }) => {
      const { indexId, enableVideoStream } = branch;
      return writeOnce({
        settleWindowMs: deps.settleWindowMs,
        prepare: async () => accountOf(deps, name).provider,
        find: async (provider, { signal }) => {
          const references = await provider.listReferences(assetId, { signal });
          const earlier = references.find((reference) => reference.indexId === indexId);
          return earlier && { indexedAssetId: earlier.indexedAssetId };
        },
        make: (provider, signal) => provider.createIndexedAsset({ indexId, assetId, enableVideoStream }, { signal }),
      });
    },
  };
}
