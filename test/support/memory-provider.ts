import { failure } from '../../src/contracts/failures';
import { carriesTag, tagFields } from '../../src/contracts/resource';
import type { UploadSessions } from '../../src/providers/upload-sessions';
import type { AssetReference, EntityOfAsset, MediaProvider, ProviderAsset } from '../../src/providers/media-provider';

/** A provider in memory, with just the rules that cleanup and submission depend on. */
export class FakeProvider implements MediaProvider {
  readonly name = 'twelvelabs' as const;
  readonly assets = new Map<string, ProviderAsset>();
  readonly references = new Map<string, AssetReference[]>();
  readonly entities = new Map<string, { name: string; metadata: Record<string, unknown>; assetIds: string[] }>();
  readonly entryMetadata = new Map<string, Record<string, unknown>>();
  readonly calls: string[] = [];
  private made = 0;

  readonly uploads: UploadSessions = {
    open: unused,
    state: unused,
    partUrls: unused,
    report: unused,
    putPart: unused,
    incomplete: async () => [],
  };

  maxFileBytes = () => ({ limitBytes: 1000, why: 'the limit is 1000 bytes' });

  maxMultipartBytes = () => ({ limitBytes: 5000, why: 'the limit of uploads in parts is 5000 bytes' });

  maxUrlBytes = () => ({ limitBytes: 2000, why: 'the limit of URLs is 2000 bytes' });

  addAsset(asset: Partial<ProviderAsset> = {}): ProviderAsset {
    const id = asset.id ?? `asset-${++this.made}`;
    const whole: ProviderAsset = {
      status: 'processing',
      metadata: {},
      createdAt: new Date().toISOString(),
      ...asset,
      id,
    };
    this.assets.set(id, whole);
    return whole;
  }

  async submit(submissions: Parameters<MediaProvider['submit']>[0]): Promise<ProviderAsset[]> {
    this.calls.push('submit');
    return submissions.map(({ filename, metadata, tag }) =>
      this.addAsset({ filename, metadata: { ...metadata, ...tagFields(tag) } }),
    );
  }

  async listAssets({ page = 1, pageSize = 10, filename }: Parameters<MediaProvider['listAssets']>[0]) {
    this.calls.push('listAssets');
    const newestFirst = [...this.assets.values()].toReversed();
    const matching = newestFirst.filter((asset) => !filename || asset.filename?.includes(filename));
    const items = matching.slice((page - 1) * pageSize, page * pageSize);
    return { items, page, totalPages: Math.ceil(matching.length / pageSize), totalItems: matching.length };
  }

  async getAsset(assetId: string): Promise<ProviderAsset> {
    this.calls.push('getAsset');
    return this.assets.get(assetId) ?? gone(assetId);
  }

  async deleteAsset(assetId: string, { force }: { force: boolean }): Promise<void> {
    this.calls.push(`deleteAsset${force ? ' by force' : ''}`);
    if (!this.assets.has(assetId)) gone(assetId);
    if (!force && (this.references.get(assetId)?.length ?? 0) > 0) {
      throw failure('BlockedByReferences', `DELETE /assets/{id}: ${assetId} is indexed`);
    }
    this.assets.delete(assetId);
  }

  async listReferences(assetId: string): Promise<AssetReference[]> {
    this.calls.push('listReferences');
    return this.references.get(assetId) ?? [];
  }

  async *observe(): AsyncIterable<never> {}

  async createEmbedding() {
    return { taskId: 'task-1' };
  }

  async embedAtOnce() {
    return [{ embedding: [0.8, 0.6] }];
  }

  async readEmbedding() {
    return [{ embedding: [0.6, 0.8] }];
  }

  async createEntity({ name, assetId, tag }: Parameters<MediaProvider['createEntity']>[0]) {
    this.calls.push('createEntity');
    const entityId = `entity-${++this.made}`;
    this.entities.set(entityId, { name, metadata: tagFields(tag), assetIds: [assetId] });
    return { entityId };
  }

  async findEntities({ name, tag }: Parameters<MediaProvider['findEntities']>[0]) {
    this.calls.push('findEntities');
    const found = [...this.entities].filter(([, entity]) => entity.name === name && carriesTag(entity.metadata, tag));
    return found.map(([id]) => id);
  }

  async listEntitiesOf(assetId: string): Promise<EntityOfAsset[]> {
    const found = [...this.entities].filter(([, { assetIds }]) => assetIds.includes(assetId));
    return found.map(([entityId, { name, metadata }]) => ({ collectionId: 'c', entityId, name, metadata }));
  }

  async annotateAsset(assetId: string, fields: Record<string, string | null>): Promise<void> {
    this.calls.push('annotateAsset');
    const asset = this.assets.get(assetId) ?? gone(assetId);
    const merged = Object.entries({ ...asset.metadata, ...fields }).filter(([, value]) => value !== null);
    asset.metadata = Object.fromEntries(merged);
  }

  async addToEntity({ entityId, assetId }: Parameters<MediaProvider['addToEntity']>[0]): Promise<void> {
    (this.entities.get(entityId) ?? gone(entityId)).assetIds.push(assetId);
  }

  async removeFromEntity({ entityId, assetId }: Parameters<MediaProvider['removeFromEntity']>[0]): Promise<void> {
    const entity = this.entities.get(entityId) ?? gone(entityId);
    if (entity.assetIds.length === 1) throw failure('ProviderRejected', 'the last asset cannot be removed');
    entity.assetIds = entity.assetIds.filter((id) => id !== assetId);
  }

  async assetsOfEntity({ entityId }: { entityId: string }): Promise<string[]> {
    return (this.entities.get(entityId) ?? gone(entityId)).assetIds;
  }

  async deleteEntity({ entityId }: { entityId: string }): Promise<void> {
    if (!this.entities.delete(entityId)) gone(entityId);
  }

  async createIndexedAsset({ indexId, assetId, tag }: Parameters<MediaProvider['createIndexedAsset']>[0]) {
    this.calls.push('createIndexedAsset');
    const indexedAssetId = `indexed-${++this.made}`;
    this.references.set(assetId, [...(this.references.get(assetId) ?? []), { indexId, indexedAssetId }]);
    this.entryMetadata.set(indexedAssetId, tagFields(tag));
    return { indexedAssetId };
  }

  async readIndexedAsset({ indexedAssetId }: { indexedAssetId: string }): Promise<Record<string, unknown>> {
    return this.entryMetadata.get(indexedAssetId) ?? {};
  }

  async deleteIndexedAsset({ indexedAssetId }: Parameters<MediaProvider['deleteIndexedAsset']>[0]): Promise<void> {
    for (const [assetId, references] of this.references) {
      this.references.set(
        assetId,
        references.filter((reference) => reference.indexedAssetId !== indexedAssetId),
      );
    }
  }
}

function unused(): never {
  throw new Error('this fake takes no uploads in parts');
}

function gone(id: string): never {
  throw failure('ResourceGone', `${id} is unknown`);
}
