import type { KeyClaim } from '../../contracts/batch/key-claim';
import { createBatchFiles, type BatchFiles } from '../../storage/batches/batch-files';
import { createItemOutcomes, type ItemOutcomes } from '../../storage/batches/item-outcomes';
import { createKeyClaims } from '../../storage/batches/key-claims';
import type { SharedFiles } from '../../storage/batches/shared-files';
import { InvalidInput } from '../../temporal/errors';
import type { LifecycleCalls } from '../lifecycle-calls';

/** Opens the store in which the workers keep results and what batches need. */
export type OpenStore = () => Promise<{ files: SharedFiles; close: () => void }>;

/** What a batch keeps in the store. */
export interface KeptBatch {
  files: BatchFiles;
  outcomes: ItemOutcomes;
}

/** The workers' store as a client reads it; opened on first use. */
export class ClientStore {
  private opened: ReturnType<OpenStore> | undefined;
  private owner: Promise<string> | undefined;

  constructor(
    private readonly calls: LifecycleCalls,
    private readonly open: OpenStore | undefined,
  ) {}

  /** False for a client that was made without a store. */
  get isThere(): boolean {
    return this.open !== undefined;
  }

  /** @throws InvalidInput if this client was made without a store */
  async batch(batchId: string): Promise<KeptBatch> {
    const files = await this.files();
    const batch = { owner: await this.ownerId(), batchId };
    return { files: createBatchFiles(files, batch), outcomes: createItemOutcomes(files, batch) };
  }

  /** Who works on a key, or did last; `undefined` also for a client without a store. */
  async holderOf(key: string): Promise<KeyClaim | undefined> {
    if (!this.isThere) return undefined;
    const claims = createKeyClaims(await this.files());
    return claims.holderOf({ owner: await this.ownerId(), provider: this.calls.provider, key });
  }

  async close(): Promise<void> {
    (await this.opened?.catch(() => undefined))?.close();
  }

  private async files(): Promise<SharedFiles> {
    if (!this.open)
      throw new InvalidInput('batches: this client was made without the store of the workers (openStore)');
    return (await (this.opened ??= this.open())).files;
  }

  /** The id of the namespace, under which workers keep everything. */
  private ownerId(): Promise<string> {
    return (this.owner ??= this.calls.namespaceId());
  }
}
