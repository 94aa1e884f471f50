import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Striker } from './strikers/striker';

/** Where things are made at the provider; new ones for each run. */
export interface Places {
  collectionId: string;
  othersCollectionId: string;
  indexId: string;
  othersIndexId: string;
}

/** Somebody else who uses the provider's account. What a schedule does to calls is not done to theirs. */
export class Somebody {
  constructor(
    private readonly url: string,
    private readonly samples: string,
  ) {}

  async makePlaces(): Promise<Places> {
    const models = [{ model_name: 'marengo3.0', model_options: ['visual'] }];
    return {
      collectionId: await this.made('/entity-collections', { name: 'people' }),
      othersCollectionId: await this.made('/entity-collections', { name: 'people of others' }),
      indexId: await this.made('/indexes', { index_name: 'films', models }),
      othersIndexId: await this.made('/indexes', { index_name: 'films of others', models }),
    };
  }

  /** An asset, ready. */
  async upload(file: string, metadata: Record<string, string> = {}): Promise<string> {
    const form = new FormData();
    form.set('method', 'direct');
    form.set('file', new Blob([await readFile(path.join(this.samples, file))]), `before-${file}`);
    if (Object.keys(metadata).length > 0) form.set('user_metadata', JSON.stringify(metadata));
    const asset = await this.call<{ _id: string }>('POST', '/assets', form);
    for (;;) {
      const { status } = await this.call<{ status: string }>('GET', `/assets/${asset._id}`);
      if (status === 'ready') return asset._id;
      await delay(20);
    }
  }

  index(assetId: string, indexId: string): Promise<string> {
    return this.made(`/indexes/${indexId}/indexed-assets`, { asset_id: assetId });
  }

  makeEntity(collectionId: string, assetId: string): Promise<string> {
    return this.made(`/entity-collections/${collectionId}/entities`, { name: 'of others', asset_ids: [assetId] });
  }

  async join({ collectionId, entityId }: { collectionId: string; entityId: string }, assetId: string): Promise<void> {
    await this.call('POST', `/entity-collections/${collectionId}/entities/${entityId}/assets`, {
      asset_ids: [assetId],
    });
  }

  private async made(route: string, body: object): Promise<string> {
    return (await this.call<{ _id: string }>('POST', route, body))._id;
  }

  private async call<T>(method: string, route: string, body?: object): Promise<T> {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.url}${route}`, {
      method,
      headers: { 'x-api-key': Striker.NOT_OURS, ...(body && !isForm ? { 'content-type': 'application/json' } : {}) },
      body: isForm ? body : body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
