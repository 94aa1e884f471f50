import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { LifecycleInput } from '../contracts/lifecycle-input';
import { failureType } from '../contracts/failures';
import type { Config } from '../config';
import { createFileSources } from '../storage/files/file-sources';
import { UsageError } from './exit';

/** Flags of `start`, as commander gives them. */
export interface StartFlags {
  asset?: string;
  key?: string;
  branch?: string;
  model?: string;
  scopes?: string[];
  options?: string[];
  collection?: string;
  name?: string;
  description?: string;
  entity?: string;
  index?: string;
  videoStream?: boolean;
  filename?: string;
  metadata?: string[];
  hls?: boolean;
  thumbnail?: boolean;
  uploadMethod?: string;
  uploadConcurrency?: string;
  onCancel?: string;
  onFailure?: string;
  readyWithin?: string;
  branchWithin?: string;
  input?: string;
  inputFile?: string;
  allowSignedUrl?: boolean;
}

const S3_LIKE = /^s3:\/\//i;
const URL_LIKE = /^[a-z][a-z0-9+.-]+:\/\//i;

/** The lifecycle's input that the flags say; checked by the client, which knows the schema. */
export async function inputOf(target: string | undefined, flags: StartFlags): Promise<LifecycleInput> {
  const input = await fromFlags(target, flags);
  const source: unknown = input?.source; // may be anything: it is checked later
  if (!flags.allowSignedUrl || typeof source !== 'object' || source === null) return input;
  return { ...input, source: { ...source, allowSignedUrl: true } as LifecycleInput['source'] };
}

async function fromFlags(target: string | undefined, flags: StartFlags): Promise<LifecycleInput> {
  const given = await givenInput(flags);
  if (given) {
    if (target || flags.asset) throw new UsageError('give either <file|url|s3>, --asset or --input, not two of them');
    return given as LifecycleInput;
  }
  const input: Record<string, unknown> = {
    key: flags.key,
    source: sourceOf(target, flags.asset),
    filename: flags.filename,
    metadata: metadataOf(flags.metadata),
    enableHls: flags.hls,
    enableThumbnail: flags.thumbnail,
    upload: present({ method: flags.uploadMethod, concurrency: numberOf(flags.uploadConcurrency) }),
    branch: branchOf(flags),
    cleanup: present({ onCancel: flags.onCancel, onFailure: flags.onFailure }),
    deadlines: present({ ready: flags.readyWithin, branch: flags.branchWithin }),
  };
  return present(input) as unknown as LifecycleInput;
}

async function givenInput({ input, inputFile }: StartFlags): Promise<unknown> {
  const text = input ?? (inputFile === undefined ? undefined : await readInput(inputFile));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${input === undefined ? '--input-file' : '--input'}: is not JSON: ${withoutQuote(error as Error)}`,
    );
  }
}

/** The parser quotes what it read, which may be a presigned URL. */
const withoutQuote = ({ message }: Error): string => message.replace(/, (\.\.\.)?".*/s, '');

const readInput = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`--input-file: ${error.message}`);
  });

function sourceOf(target: string | undefined, assetId: string | undefined): unknown {
  if (assetId !== undefined) {
    if (target) throw new UsageError('give either <file|url|s3> or --asset, not both');
    return { type: 'asset', assetId };
  }
  if (target === undefined) throw new UsageError('missing <file|url|s3>: what is the lifecycle to be of?');
  if (S3_LIKE.test(target)) return s3SourceOf(target);
  return URL_LIKE.test(target) ? { type: 'url', url: target } : { type: 'file', path: path.resolve(target) };
}

/** The key is taken as it stands, also with "?" or "%" in it; only a version id at the very end is not part of it. */
function s3SourceOf(uri: string): unknown {
  const [, bucket = '', key = '', versionId] = /^s3:\/\/([^/]*)\/?(.*?)(?:\?versionId=([^?&]+))?$/is.exec(uri) ?? [];
  return present({ type: 's3', bucket, key, versionId });
}

function branchOf(flags: StartFlags): unknown {
  switch (flags.branch) {
    case undefined:
      return undefined;
    case 'embed':
      return present({ type: 'embed', model: flags.model, scopes: flags.scopes, options: flags.options });
    case 'entity': {
      const { collection: collectionId, name, description, entity: entityId } = flags;
      return present({ type: 'entity', collectionId, name, description, entityId });
    }
    case 'index':
      return present({ type: 'index', indexId: flags.index, enableVideoStream: flags.videoStream });
    default:
      return { type: flags.branch };
  }
}

/** `--metadata name=value` (repeatable; numbers and true/false are taken as such) or one JSON object. */
function metadataOf(pairs: string[] | undefined): unknown {
  if (!pairs) return undefined;
  if (pairs.length === 1 && pairs[0]?.trim().startsWith('{')) {
    try {
      return JSON.parse(pairs[0]);
    } catch (error) {
      throw new UsageError(`--metadata: is not JSON: ${withoutQuote(error as Error)}`);
    }
  }
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--metadata: "${pair}" is not name=value`);
      return [pair.slice(0, at), scalarOf(pair.slice(at + 1))];
    }),
  );
}

/** What is no number stays as it is, so that the schema says what it may be. */
const numberOf = (text: string | undefined): unknown =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : text;

function scalarOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) && String(Number(text)) === text ? Number(text) : text;
}

/** Without the fields that were not given; `undefined` when none was. */
function present(fields: Record<string, unknown>): Record<string, unknown> | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/**
 * Looks at a local file before anything is started: the worker would refuse it too, but only once the run is there.
 * Without configured roots the file's own folder counts, since only the worker knows its roots. A file that this host
 * does not have may lie on the worker's: that is worth a warning.
 * @param typed as the person named the file; a relative name means a file of this host.
 */
export async function checkLocalFile(
  { source, filename, upload }: LifecycleInput,
  config: Config,
  limits: Record<'direct' | 'multipart', (filename: string) => SizeLimit>,
  { typed, warn }: { typed?: string; warn: (line: string) => void },
): Promise<void> {
  if (source?.type !== 'file' || !path.isAbsolute(source.path)) return;
  const absence = await absenceHere(source.path, config.sourceRoots);
  if (absence !== undefined) {
    if (typed !== undefined && !path.isAbsolute(typed)) throw new UsageError(`source.path: ${source.path}: ${absence}`);
    return warn(`warning: ${source.path}: ${absence} on this host; started for a worker whose host has it`);
  }
  const roots = config.sourceRoots.length > 0 ? config.sourceRoots : [path.dirname(source.path)];
  try {
    const file = await createFileSources({ roots, restMs: 0 }).resolve(source.path);
    const name = filename ?? file.filename;
    const { limitBytes, why } = limitOf(upload?.method ?? 'auto', limits.direct(name), limits.multipart(name));
    if (file.sizeBytes > limitBytes)
      throw new UsageError(`source.path: ${source.path}: ${file.sizeBytes} bytes; ${why}`);
  } catch (error) {
    throw failureType(error) ? new UsageError((error as Error).message) : error;
  }
}

/** Why the file cannot be looked at here; `undefined` when it can. */
async function absenceHere(file: string, roots: readonly string[]): Promise<string | undefined> {
  const real = await realpath(file).catch((error: NodeJS.ErrnoException) => error);
  if (typeof real !== 'string') {
    if (file.includes('\ufffd')) throw new UsageError(`source.path: ${file}: its name is not valid UTF-8; rename it`);
    const missing = real.code === 'ENOENT' || real.code === 'ENOTDIR';
    return missing ? 'no such file' : `cannot be reached (${real.code})`;
  }
  const isServed =
    roots.length === 0 || roots.some((root) => `${file}/`.startsWith(root.endsWith('/') ? root : `${root}/`));
  return isServed ? undefined : 'lies outside ASSET_LIFECYCLE_SOURCE_ROOTS';
}

interface SizeLimit {
  limitBytes: number;
  why: string;
}

function limitOf(method: string, direct: SizeLimit, multipart: SizeLimit): SizeLimit {
  if (method === 'auto') return multipart.limitBytes > direct.limitBytes ? multipart : direct;
  return method === 'multipart' ? multipart : direct;
}
