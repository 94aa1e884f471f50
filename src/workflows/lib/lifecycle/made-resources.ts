import type { ReceiptEntry } from '../../../contracts/lifecycle-status';
import { isAsset, isOfBranch, type AssetResource, type Resource } from '../../../contracts/resource';
import { mayHaveWritten, noteUpload, provesNothingWasCreated } from '../step-failures';

/** What a lifecycle may have made at the provider, and what has ended already. */
export class MadeResources {
  /** In order of creation. */
  readonly list: Resource[] = [];
  /** Entries of what ended beside the lifecycle's own asset: surplus assets, upload sessions that were given up. */
  readonly ended: ReceiptEntry[] = [];

  /** The lifecycle's own asset, once its submission has begun. */
  get asset(): AssetResource | undefined {
    return this.list.find(isAsset);
  }

  /**
   * Takes a step that may make these resources. They are registered first, because the step may have its effect though
   * its answer is lost. They are taken back only when the step proves that nothing was created. A step that is taken
   * again for a resource leaves it where it is.
   */
  async making<T>(resources: readonly Resource[], step: () => Promise<T>): Promise<T> {
    this.list.push(...resources.filter((resource) => !this.list.includes(resource)));
    try {
      return await step();
    } catch (error) {
      for (const resource of resources) this.noteFailure(resource, error);
      throw error;
    }
  }

  private noteFailure(resource: Resource, error: unknown): void {
    if (isAsset(resource)) noteUpload(resource, error);
    const isHandedIn = isAsset(resource) && resource.pending !== undefined; // by an earlier attempt of the step
    if (provesNothingWasCreated(error) && !isHandedIn) this.list.splice(this.list.indexOf(resource), 1);
    // An id that was known beforehand is of an object of others: only a sign of a write makes the change ours.
    if (isOfBranch(resource) && resource.id !== undefined) resource.unproven = !mayHaveWritten(error);
  }
}
