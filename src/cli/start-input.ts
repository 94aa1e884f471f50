import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { Option } from 'commander';
import type { InputFlag } from '../providers/branch-kind';
import type { ProviderDeclaration } from '../providers/provider-declaration';
import { acceptInput, PROVIDERS, type LifecycleInput, type Registry } from '../providers/registry';
import { SourceCheck } from './source-check';
import type { Config } from '../config';
import { UsageError } from './exit';
import { ownedFlagIn, refuseStrayFlags } from './input-flags';

/** Flags of `start`, as commander gives them. */
export interface StartFlags {
  asset?: string;
  key?: string;
  provider?: string;
  branch?: string[];
  filename?: string;
  metadata?: string[];
  uploadMethod?: string;
  uploadConcurrency?: string;
  onCancel?: string;
  onFailure?: string;
  readyWithin?: string;
  branchWithin?: string;
  input?: string;
  inputFile?: string;
  allowSignedUrl?: boolean;
  /** False with `--no-preflight`. */
  preflight?: boolean;
  /** Flags of the provider and its branches, as its declaration names them. */
  [flag: string]: unknown;
}

const S3_LIKE = /^s3:\/\//i;
const URL_LIKE = /^[a-z][a-z0-9+.-]+:\/\//i;

/** The lifecycle's input that the flags say; checked by the client, which knows the schema. */
export async function inputOf(
  target: string | undefined,
  flags: StartFlags,
  registry: Registry = PROVIDERS,
): Promise<LifecycleInput> {
  const input = await fromFlags(target, flags, registry);
  const source: unknown = input?.source; // may be anything: it is checked later
  if (!flags.allowSignedUrl || typeof source !== 'object' || source === null) return input;
  return { ...input, source: { ...source, allowSignedUrl: true } } as LifecycleInput;
}

async function fromFlags(target: string | undefined, flags: StartFlags, registry: Registry): Promise<LifecycleInput> {
  const given = await givenInput(flags);
  if (given) {
    if (target || flags.asset) throw new UsageError('give either <file|url|s3>, --asset or --input, not two of them');
    refuseBesideInput(flags, registry);
    return given as LifecycleInput;
  }
  refuseStrayFlags(flags, flags.provider ?? registry[0].name, registry);
  const declared = declarationFor(flags.provider, registry);
  const input: Record<string, unknown> = {
    key: flags.key,
    provider: flags.provider,
    source: sourceOf(target, flags.asset),
    filename: flags.filename,
    metadata: metadataOf(flags.metadata, '--metadata'),
    ...fieldsOf(declared.flags, flags),
    upload: withoutAbsent({ method: flags.uploadMethod, concurrency: numberOf(flags.uploadConcurrency) }),
    branch: branchOf(declared, flags),
    preflight: flags.preflight === false ? false : undefined,
    cleanup: withoutAbsent({ onCancel: flags.onCancel, onFailure: flags.onFailure }),
    deadlines: withoutAbsent({ ready: flags.readyWithin, branch: flags.branchWithin }),
  };
  return withoutAbsent(input) as LifecycleInput;
}

/** Flags that each set one field of the input. */
const FIELD_FLAGS = {
  key: '--key',
  provider: '--provider',
  branch: '--branch',
  filename: '--filename',
  metadata: '--metadata',
  uploadMethod: '--upload-method',
  uploadConcurrency: '--upload-concurrency',
  onCancel: '--on-cancel',
  onFailure: '--on-failure',
  readyWithin: '--ready-within',
  branchWithin: '--branch-within',
} as const;

/** @throws UsageError for a flag about a single field, beside the whole input */
function refuseBesideInput(flags: StartFlags, registry: Registry): void {
  const names = Object.keys(FIELD_FLAGS) as (keyof typeof FIELD_FLAGS)[];
  const name = names.find((one) => flags[one] !== undefined);
  const flag = name ? FIELD_FLAGS[name] : flags.preflight === false ? '--no-preflight' : ownedFlagIn(flags, registry);
  if (flag) throw new UsageError(`${flag}: say it in the input that is given as JSON`);
}

async function givenInput({ input, inputFile }: StartFlags): Promise<unknown> {
  if (input !== undefined && inputFile !== undefined) throw new UsageError('give either --input or --input-file');
  const text = input ?? (inputFile === undefined ? undefined : await readInput(inputFile, '--input-file'));
  if (text === undefined) return undefined;
  return parsedJson(text, input === undefined ? '--input-file' : '--input');
}

function parsedJson(text: string, flag: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${flag}: is not JSON: ${withoutQuote(error as Error)}`);
  }
}

/** Removes the quote from the message of the JSON parser: it may be a presigned URL. */
const withoutQuote = ({ message }: Error): string => message.replace(/, (\.\.\.)?".*/s, '');

const readInput = (file: string, flag: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`${flag}: ${error.message}`);
  });

/** The JSON in a file that a flag names. */
export const jsonFromFile = async (file: string, flag: string): Promise<unknown> =>
  parsedJson(await readInput(file, flag), flag);

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
  return withoutAbsent({ type: 's3', bucket, key, versionId });
}

/** An unknown name gives the default provider here; the check of the whole input refuses it. */
const declarationFor = (name: string | undefined, registry: Registry = PROVIDERS): ProviderDeclaration =>
  registry.find((one) => one.name === name) ?? registry[0];

/** A type, whose other fields are flags, or a whole branch as JSON; a list where several are given. */
export function branchOf({ branches }: ProviderDeclaration, flags: StartFlags): unknown {
  const given = flags.branch?.map((text) => {
    if (text.trimStart().startsWith('{')) return parsedJson(text, '--branch');
    const declared = branches.find(({ type }) => type === text);
    return { type: text, ...fieldsOf(declared?.flags ?? [], flags) };
  });
  return given?.length === 1 ? given[0] : given;
}

/** The fields whose flags were given. */
function fieldsOf(declared: readonly InputFlag[], flags: StartFlags): Record<string, unknown> {
  const given = declared.map(({ flag, field }) => [field, flags[new Option(flag).attributeName()]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** `name=value`, repeatable (numbers and true/false are taken as such), or one JSON object. */
export function metadataOf(pairs: string[] | undefined, flag: string): unknown {
  if (!pairs) return undefined;
  if (pairs.length === 1 && pairs[0]?.trim().startsWith('{')) return parsedJson(pairs[0], flag);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`${flag}: "${pair}" is not name=value`);
      return [pair.slice(0, at), scalarOf(pair.slice(at + 1))];
    }),
  );
}

/** Text that is no number stays text, so that the schema reports it. */
const numberOf = (text: string | undefined): unknown =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : text;

function scalarOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) && String(Number(text)) === text ? Number(text) : text;
}

/** Without the fields that were not given; `undefined` when none was. */
function withoutAbsent(fields: Record<string, unknown>): unknown {
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
  input: LifecycleInput,
  config: Config,
  { typed, warn }: { typed?: string; warn: (line: string) => void },
): Promise<void> {
  const { source } = input;
  if (source?.type !== 'file' || !path.isAbsolute(source.path)) return;
  const absence = await absenceHere(source.path, config.sourceRoots);
  if (absence !== undefined) {
    if (typed !== undefined && !path.isAbsolute(typed)) throw new UsageError(`source.path: ${source.path}: ${absence}`);
    return warn(`warning: ${source.path}: ${absence} on this host; started for a worker whose host has it`);
  }
  const check = new SourceCheck(config, config.sourceRoots);
  const { refusal } = await check.check(acceptInput(input));
  if (refusal !== undefined) throw new UsageError(refusal);
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
