import { isTagField } from '../../contracts/resource';
import type { Ingestion, UploadOptions as PortOptions, UploadedFile } from '../../providers/ingestions';
import type { MediaProvider } from '../../providers/media-provider';
import { InvalidInput } from '../../temporal/errors';
import { localFiles, type LocalFile } from './local-files';

/** Most files of one upload. */
export const MAX_UPLOAD_FILES = 500;

export interface UploadOptions extends Pick<PortOptions, 'failureMode' | 'overwriteMode' | 'wait' | 'deadlineMs'> {
  /** User metadata of every asset. */
  metadata?: Readonly<Record<string, string | number | boolean>>;
  onProgress?: (progress: UploadProgress) => void;
}

export interface UploadProgress {
  totalFiles: number;
  /** Files of which it is known what became of them. */
  ended: number;
  totalBytes: number;
  sentBytes: number;
}

/** A file that failed. */
export interface FailedFile {
  path: string;
  filename: string;
  /** The provider's code, where there is one. */
  code?: string;
  /** Failure type, as `docs/failures.md` has it. */
  type?: string;
  message: string;
}

export interface UploadResult {
  totalFiles: number;
  /** Those that are assets now, also where they were before with the same content. */
  totalSucceeded: number;
  totalFailed: number;
  /** Sent, and not known yet: without a wait. */
  totalProcessing: number;
  /** Left out since another file failed, in a mode that stops then. */
  totalUnsent: number;
  /** 0 to 100: the part of all files that succeeded. */
  successRate: number;
  /** True if it is known of every file what became of it. */
  isComplete: boolean;
  sessionIds: string[];
  /** As they were seen last. */
  sessions: Ingestion[];
  failedFiles: FailedFile[];
  /** Paths of files that were there already with the same content, which were not sent. */
  unchanged: string[];
  /** Paths of files that were left out. */
  unsent: string[];
  /** Files of folders that the provider does not take. */
  skipped: { path: string; message: string }[];
  durationMs: number;
  /** The result in one line. */
  summary: () => string;
}

/**
 * Uploads files, or all that the provider takes of folders, in one go, at most {@link MAX_UPLOAD_FILES}. A name that an
 * asset with other content has is not overwritten unless a mode is given.
 * @throws InvalidInput before anything is sent · InvalidRequest for a mode that there is not · failures of the requests ·
 *   DeadlineExceeded; the sessions go on then
 */
export async function uploadAssets(
  { name, intake, ingestions }: MediaProvider,
  paths: string | readonly string[],
  { metadata, onProgress, signal, ...options }: UploadOptions & { signal: AbortSignal },
): Promise<UploadResult> {
  if (!ingestions) throw new InvalidInput(`upload: ${name} has no upload of many files; start a lifecycle for each`);
  checkMetadata(metadata);
  const startedAt = Date.now();
  const route = intake.route.bind(intake);
  const { files, skipped } = await localFiles([paths].flat(), { most: MAX_UPLOAD_FILES, route, signal });
  const totalFiles = files.length;
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes.sizeBytes, 0);
  const items = files.map(({ filename, bytes }) => ({ filename, bytes, metadata }));
  const uploaded = await ingestions.upload(items, {
    ...{ ...options, signal },
    onProgress: (progress) => onProgress?.({ totalFiles, totalBytes, ...progress }),
  });
  return resultOf(files, uploaded, { skipped, durationMs: Date.now() - startedAt });
}

/** @throws InvalidInput that names every wrong field */
function checkMetadata(metadata: UploadOptions['metadata'] = {}): void {
  const problems = Object.entries(metadata).flatMap(([name, value]) => {
    if (isTagField(name)) return [`metadata.${name}: is a field of a lifecycle's own tag, which only lifecycles write`];
    const isPlain = ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
    return isPlain ? [] : [`metadata.${name}: must be a text, a number, true or false; nested values are not kept`];
  });
  if (problems.length > 0) throw new InvalidInput(problems.join('; '));
}

function resultOf(
  files: readonly LocalFile[],
  uploaded: { files: UploadedFile[]; sessions: Ingestion[] },
  more: Pick<UploadResult, 'skipped' | 'durationMs'>,
): UploadResult {
  const pathsOf = (...states: UploadedFile['state'][]): string[] =>
    files.filter((_file, at) => states.includes(uploaded.files[at]?.state ?? 'unsent')).map((file) => file.path);
  const failedFiles = uploaded.files.flatMap(({ state, filename, code, type, message = '' }, at): FailedFile[] =>
    state === 'failed'
      ? [{ path: files[at]?.path ?? filename, filename, ...(code && { code }), ...(type && { type }), message }]
      : [],
  );
  const totalFiles = files.length;
  const totalSucceeded = pathsOf('succeeded', 'unchanged').length;
  const totalProcessing = pathsOf('open').length;
  const unsent = pathsOf('unsent');
  const result = {
    ...{ totalFiles, totalSucceeded, totalProcessing },
    totalFailed: failedFiles.length,
    totalUnsent: unsent.length,
    successRate: (totalSucceeded / totalFiles) * 100,
    isComplete: totalProcessing === 0,
    sessionIds: uploaded.sessions.map(({ id }) => id),
    sessions: uploaded.sessions,
    ...{ failedFiles, unchanged: pathsOf('unchanged'), unsent, ...more },
  };
  return { ...result, summary: () => summaryOf(result) };
}

function summaryOf(result: Omit<UploadResult, 'summary'>): string {
  const { totalFiles, totalSucceeded, totalFailed, totalProcessing, totalUnsent, unchanged, skipped } = result;
  const parts = [`${totalSucceeded} of ${totalFiles} files uploaded (${result.successRate.toFixed(1)} %)`];
  const count = (number: number, words: string): void => {
    if (number > 0) parts.push(`${number} ${words}`);
  };
  count(unchanged.length, 'of them there before');
  count(totalFailed, 'failed');
  count(totalProcessing, 'not known yet');
  count(totalUnsent, 'not sent');
  count(skipped.length, 'of a kind that is not taken');
  parts.push(`sessions: ${result.sessionIds.join(' ') || 'none'}`);
  return parts.join(', ');
}
