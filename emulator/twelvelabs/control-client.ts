import { ControlClient } from '../shared/control/control-client';
import type { Profile } from './rules/emulation';
import type { UploadSettings } from './rules/uploads/settings';
import type { UploadStatus } from './rules/uploads/status';

export interface EmulatorAsset {
  _id: string;
  status: string;
  filename: string;
  user_metadata: Record<string, unknown>;
  sha256?: string;
  /** By the emulator's clock; null while its bytes are not there. */
  readyAtMs: number | null;
}

/** A multipart upload session, with what the provider does not tell. */
export interface EmulatorUpload {
  upload_id: string;
  asset_id: string;
  filename: string;
  status: UploadStatus;
  total_size: number;
  chunk_size: number;
  total_chunks: number;
  /** Taken in by the store; reported ones among them. */
  received_chunks: number;
  /** Reported. */
  completed_chunks: number;
  createdAtMs: number;
  completedAtMs?: number;
  expiresAtMs: number;
  /** Where bytes are only hashed, once all parts are in: the SHA-256 over the SHA-256 digests of the parts. */
  partsSha256?: string;
  /** Why the session failed. */
  failure?: string;
}

export interface EmulatorState {
  assets: EmulatorAsset[];
  embedTasks: { _id: string; asset_id?: string }[];
  collections: { _id: string; name: string }[];
  entities: { _id: string; name: string; asset_ids: string[]; metadata?: Record<string, unknown> }[];
  indexes: { _id: string; index_name: string }[];
  indexedAssets: {
    _id: string;
    asset_id: string;
    index_id: string;
    status: string;
    user_metadata: Record<string, unknown>;
  }[];
  uploads: EmulatorUpload[];
}

/** The emulator's control API, typed. `fail` takes the id of an asset, upload session, embed task or indexed asset. */
export class EmulatorControl extends ControlClient<EmulatorState> {
  /** Which description of assets the answers follow from now on. */
  setProfile = (profile: Profile): Promise<{ profile: Profile }> => this.call('POST', '/profile', { profile });
  uploadSettings = (): Promise<UploadSettings> => this.call('GET', '/uploads');
  /** Changes those that are given; sessions keep what they began with. */
  setUploads = (settings: Partial<UploadSettings>): Promise<UploadSettings> => this.call('POST', '/uploads', settings);
}
