import type { FileKind } from '../intake/file-kind';
import type { RequestLabel } from './errors';
import type { RequestContent } from './multipart-form';

/** Category under which the provider counts a request. It publishes a limit for each, except `other`. */
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
