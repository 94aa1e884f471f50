import type { Background } from '../../shared/background';
import type { Clock } from '../../shared/clock';
import type { Processing } from '../../shared/control/control-routes';
import type { PartFiles } from '../../shared/parts/part-files';
import type { Store } from '../store/store';
import type { MediaLook } from './media/media-look';
import type { FileError, Settings } from './settings';

/** All that the rules work on. */
export interface Emulation {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: { processing: Processing; vi: Settings };
  /** Accepted keys; undefined accepts any of the right form. */
  readonly secretKeys: readonly string[] | undefined;
  readonly look: MediaLook;
  readonly background: Background;
  readonly files: PartFiles;
  /** Still to strike. */
  readonly fileErrors: FileError[];
  /** Where bytes are put and got: another origin than the API's. */
  storePort: number;
}

/** Where a request is about, and how its caller knows this host. */
export interface Place {
  workspaceId: string;
  datasetId: string;
  host: string;
}

/** Epoch milliseconds as the provider's clock shows them. */
export const shown = ({ clock }: Emulation, at: number): number => Math.floor(at + clock.skewMs);
