import type { EmbedBranch, EntityBranch, IndexBranch } from '../../contracts/branch';
import { embedsAtOnce } from '../../providers/twelvelabs/branches/embed-rules';
import type { StoredEmbedding } from '../../contracts/activities';
import type { BranchStatus, EmbeddingResult } from '../../contracts/lifecycle-status';
import type { IndexedAssetResource, Resource, ResultResource } from '../../contracts/resource';
import type { Lifecycle } from './lifecycle';

/** Takes the ready asset through its one downstream step. */
export async function runBranch(life: Lifecycle): Promise<void> {
  const { branch } = life.input;
  if (branch.type === 'none') return;
  const status: BranchStatus = { type: branch.type, status: 'pending' };
  life.status.branch = status;
  switch (branch.type) {
    case 'embed':
      await embed(life, branch, status);
      break;
    case 'entity':
      await entity(life, branch, status);
      break;
    case 'index':
      await index(life, branch, status);
      break;
  }
  status.status = 'ready';
  life.mark('branchReadyAt');
}

async function embed(life: Lifecycle, branch: EmbedBranch, status: BranchStatus): Promise<void> {
  const { asset, steps, resultName } = life;
  const { provider } = life.input;
  const { id: assetId, fileType, filename } = asset;
  if (life.embedsAtOnce && embedsAtOnce(fileType, branch)) {
    await embedWithoutTask(life, branch, status);
    return;
  }
  const { taskId } = await steps.ensureEmbedding({ provider, assetId, fileType, filename, branch });
  running(status, taskId);
  await steps.untilEmbeddingReady({ provider, taskId });
  const made: ResultResource = { kind: 'result', id: resultName };
  const { result, surplus } = storedOf(
    await life.making(made, () =>
      steps.storeEmbedding({ provider, taskId, resultName, release: life.toRelease('completed') }),
    ),
  );
  stored(status, made, result);
  life.released(surplus);
}

/** The answer is the embedding: one step embeds and stores. */
async function embedWithoutTask(life: Lifecycle, branch: EmbedBranch, status: BranchStatus): Promise<void> {
  const { asset, steps, resultName } = life;
  const { provider } = life.input;
  const { id: assetId, fileType, filename } = asset;
  status.status = 'running';
  const release = life.toRelease('completed');
  const made: ResultResource = { kind: 'result', id: resultName };
  const { result, surplus } = await life.making(made, () =>
    steps.embedAtOnce({ provider, assetId, fileType, filename, branch, resultName, release }),
  );
  stored(status, made, result);
  life.released(surplus);
}

async function entity(life: Lifecycle, branch: EntityBranch, status: BranchStatus): Promise<void> {
  const { tag, asset, steps } = life;
  const { provider } = life.input;
  const { collectionId } = branch;
  const name = branch.name ?? asset.filename ?? tag.key;
  const made: Resource = branch.entityId
    ? { kind: 'entity-membership', id: branch.entityId, collectionId, assetId: asset.id }
    : { kind: 'entity', collectionId, name, assetId: asset.id, tag };
  const { entityId, adopted } = await life.making(made, () =>
    steps.ensureEntity({ provider, assetId: asset.id, branch, name, tag }),
  );
  made.id = entityId;
  if (made.kind === 'entity-membership') made.adopted = adopted;
  running(status, entityId);
  await steps.untilEntityReady({ provider, collectionId, entityId });
}

async function index(life: Lifecycle, branch: IndexBranch, status: BranchStatus): Promise<void> {
  const { tag, asset, steps } = life;
  const { provider } = life.input;
  const { indexId } = branch;
  const made: IndexedAssetResource = { kind: 'indexed-asset', indexId, assetId: asset.id, tag };
  const { indexedAssetId, adopted } = await life.making(made, () =>
    steps.ensureIndexedAsset({ provider, assetId: asset.id, branch, tag }),
  );
  made.id = indexedAssetId;
  made.adopted = adopted;
  running(status, indexedAssetId);
  await steps.untilIndexedAssetReady({ provider, indexId, indexedAssetId });
}

/** In histories of the first revision the bare result stands. */
const storedOf = (stored: StoredEmbedding | EmbeddingResult): StoredEmbedding =>
  'result' in stored ? stored : { result: stored, surplus: [] };

function stored(status: BranchStatus, made: ResultResource, result: EmbeddingResult): void {
  status.result = result;
  const { uri, host } = result;
  if (host !== undefined) made.stored = { uri, host };
}

function running(status: BranchStatus, id: string): void {
  status.id = id;
  status.status = 'running';
}
