import { ControlClient } from '../shared/control/control-client';
import type { FileErrorInput, Settings, SettingsChange } from './rules/settings';
import type { IngestionCode } from './store/records';

export interface EmulatorAsset {
  assetId: string;
  datasetId: string;
  filename: string;
  sizeBytes: number;
  sha256: string;
  /** How many are linked to it. */
  annotations: number;
  customMetadata: Record<string, string | number | boolean>;
  /** The session that brought its contents. */
  sessionId: string;
}

export interface EmulatorSession {
  sessionId: string;
  datasetId: string;
  createdAtMs: number;
  /** Status of `Finished`; null while it goes on. */
  ended: 'Reached' | 'FailedReach' | null;
  reason: string | null;
  files: { filename: string; arrived: boolean; code: IngestionCode | null; assetId: string | null }[];
}

export interface DatatureViState {
  datasets: string[];
  assets: EmulatorAsset[];
  sessions: EmulatorSession[];
  multipartUploads: {
    multipartUploadId: string;
    sessionId: string;
    partCount: number;
    received: number;
    completed: boolean;
    aborted: boolean;
  }[];
}

/** The emulator's control API, typed. `fail` takes the id of an ingestion session that goes on. */
export class DatatureViControl extends ControlClient<DatatureViState> {
  settings = (): Promise<Settings> => this.call('GET', '/settings');
  /** Changes those that are given. */
  set = (change: SettingsChange): Promise<Settings> => this.call('POST', '/settings', change);
  addDataset = (datasetId: string): Promise<{ id: string }> => this.call('POST', '/datasets', { datasetId });
  /** Links annotations to an asset, in place of those before: by tag, how many. */
  annotate = (assetId: string, withTag: Record<string, number>): Promise<{ total: number }> =>
    this.call('POST', '/annotations', { assetId, withTag });
  /** The next files of that name fail instead of becoming assets; by default with EUNKNOWN, and one of them. */
  failFile = (error: FileErrorInput): Promise<{ waiting: number }> => this.call('POST', '/file-errors', error);
}
