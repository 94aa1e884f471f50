import type { Processing } from '../../shared/control/control-routes';
import type { Clock } from '../../shared/clock';
import type { RateLimits } from '../rate-limits';
import type { Store } from '../store/store';
import type { Background } from '../../shared/background';
import type { MediaLibrary } from './media/media-library';
import type { PartFiles } from '../../shared/parts/part-files';
import type { UploadSettings } from './uploads/settings';

/**
 * Which description of assets is followed. `seeds`: an older one, in which an asset has `url` and `url_expires_at`, waits
 * before it is processed, and every field is there, null where there is nothing to say.
 */
export const PROFILES = ['current', 'seeds'] as const;
export type Profile = (typeof PROFILES)[number];

/** Where the sources about the provider disagree; the defaults are in `start-emulator.ts`. */
export interface Switches {
  /** Status of operations that answer nothing. */
  voidStatus: 200 | 204;
  /** Whether a 429 carries `Retry-After`; `documented`: only on embed tasks, where the provider documents it. */
  retryAfterHeader: boolean | 'documented';
  /** Entries that are indexed at the same time; more are refused with 429. Undefined: any number. */
  concurrentIndexing: number | undefined;
  /** Value of `enable_hls` and `enable_thumbnail` when `POST /assets` leaves them out; at a session it is false. */
  enableFlagDefaults: boolean;
  profile: Profile;
  /** Whether a create may answer `ready` when processing takes no time, instead of always `processing`. */
  readyAtOnce: boolean;
}

export interface Settings extends Switches {
  processing: Processing;
  /** Accepted keys; undefined accepts any that is not empty. */
  apiKeys: readonly string[] | undefined;
  uploads: UploadSettings;
}

/** All that the rules work on. */
export interface Emulation {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly limits: RateLimits;
  readonly library: MediaLibrary;
  readonly background: Background;
  /** `http://host:port`, for the URLs in answers. */
  origin: string;
  readonly parts: PartFiles;
  /** Where parts are put: another origin than the API's. */
  storePort: number;
}
