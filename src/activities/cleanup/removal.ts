import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { MediaProvider } from '../../providers/media-provider';
import type { ActivityDependencies } from '../dependencies';

/** How resources are to end. */
export interface Removal {
  provider: MediaProvider;
  deps: ActivityDependencies;
  policy: CleanupPolicy;
  /** A workflow id: when a lifecycle of that id is open, the resources are left to it. */
  unlessOpen?: string;
  /** The key gets other content: an asset that it completed with goes too. */
  replaces?: boolean;
  /** Something could not be removed. */
  leftOver?: boolean;
  /** Ids of the lifecycle's assets, as far as they are known. */
  own: ReadonlySet<string>;
  /** Ids of branch objects that this removal has ended. */
  ended: Set<string>;
  signal: AbortSignal;
}
