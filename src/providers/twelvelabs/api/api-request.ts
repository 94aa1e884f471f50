import type { FileKind } from '../intake/file-kind';
import type { RequestLabel } from './errors';
import type { RequestContent } from './multipart-form';

/** What requests are counted under; the provider publishes a limit for each but the last. */
export type RequestKind = 'upload' | 'index' | `embed-${FileKind}` | 'other';

export interface ApiRequest extends RequestLabel {
  /** Default: `other`. */
  kind?: RequestKind;
  /** Path and query below the base URL, encoded. */
  path: string;
  json?: unknown;
  form?: RequestContent;
  onSentBytes?: (sentBytes: number) => void;
  signal?: AbortSignal;
}
