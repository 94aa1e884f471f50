import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config-error';
import { durationMs } from './contracts/duration';
import { BucketSchema } from './contracts/source';
import type { ProxySettings } from './http/proxy-settings';
import type { ProviderName } from './contracts/ids';
import { PROVIDERS } from './providers/registry';

const duration = (standard: string) =>
  z
    .string()
    .default(standard)
    .transform((text, context) => {
      const ms = durationMs(text);
      if (ms !== undefined && ms > 0) return ms;
      context.addIssue({ code: 'custom', message: `must be a duration such as "500ms", "10s" or "2m", not "${text}"` });
      return z.NEVER;
    });

const count = (standard: number, most: number) => z.coerce.number().int().min(1).max(most).default(standard);

const DAY_MS = 86_400_000;

/** Node reads bytes that are not UTF-8 as U+FFFD, under which no such file exists. */
const isText = (text: string): boolean => !text.includes('\ufffd');
const NO_TEXT = 'must be valid UTF-8; rename the folder';

/** Where results go: a folder, or a place in S3-compatible storage. */
export type ResultsPlace = { readonly folder: string } | { readonly bucket: string; readonly prefix: string };

const results = z
  .string()
  .refine(isText, NO_TEXT)
  .transform((text, context): ResultsPlace => {
    const uri = /^([a-z][a-z0-9+.-]+):\/\/([^/]*)(.*)$/is.exec(text);
    if (!uri) return { folder: path.resolve(text) };
    const [, scheme = '', bucket = '', rest = ''] = uri;
    const problem = BucketSchema.safeParse(bucket).error?.issues[0]?.message;
    if (scheme.toLowerCase() === 's3' && problem === undefined)
      return { bucket, prefix: rest.replaceAll(/^\/+|\/+$/g, '') };
    context.addIssue({
      code: 'custom',
      message: `must be a folder, or s3://bucket/prefix${problem === undefined ? '' : `, whose bucket ${problem}`}`,
    });
    return z.NEVER;
  });

/** With or without a scheme, as curl takes it. Its value may hold a password, and stands in no message. */
const proxyUrl = z
  .string()
  .transform((text, context) => {
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
    if (URL.canParse(url) && /^https?:/i.test(url)) return new URL(url).href;
    context.addIssue({
      code: 'custom',
      message: 'must be the URL of an HTTP proxy, such as "http://proxy.example:3128"',
    });
    return z.NEVER;
  })
  .optional();

const ProxyEnvironmentSchema = z.object({
  HTTPS_PROXY: proxyUrl,
  https_proxy: proxyUrl,
  HTTP_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  NO_PROXY: z.string().default(''),
  no_proxy: z.string().optional(),
});

const EnvironmentSchema = z.object({
  ...ProxyEnvironmentSchema.shape,
  ASSET_LIFECYCLE_SOURCE_ROOTS: z.string().refine(isText, NO_TEXT).default(''),
  ASSET_LIFECYCLE_SOURCE_DEADLINE: duration('30s').refine((ms) => ms <= DAY_MS, 'must be at most "1d"'),
  ASSET_LIFECYCLE_RESULTS: results.prefault('.asset-lifecycle/results'),
  ASSET_LIFECYCLE_S3_FORCE_PATH_STYLE: z
    .enum(['true', 'false'], { error: 'must be "true" or "false"' })
    .default('false'),
  ASSET_LIFECYCLE_POLL_INTERVAL_MIN: duration('1s'),
  ASSET_LIFECYCLE_POLL_INTERVAL_MAX: duration('10s'),
  ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE: count(300, 60_000),
  ASSET_LIFECYCLE_SETTLE_WINDOW: duration('15s'),
  ASSET_LIFECYCLE_REQUEST_TIMEOUT: duration('60s'),
  ASSET_LIFECYCLE_SHUTDOWN_GRACE: duration('30s').refine((ms) => ms <= DAY_MS, 'must be at most "1d"'),
  ASSET_LIFECYCLE_CALL_SLOTS: count(50, 1000),
  ASSET_LIFECYCLE_UPLOAD_SLOTS: count(10, 1000),
  ASSET_LIFECYCLE_OBJECT_SLOTS: count(50, 1000),
  ASSET_LIFECYCLE_UPLOAD_BUFFER_MB: count(512, 1024 ** 2),
  ASSET_LIFECYCLE_WAIT_SLOTS: count(5000, 20_000),
  ASSET_LIFECYCLE_CACHED_WORKFLOWS: count(150, 100_000),
});

/** Everything the worker and the CLI take from the environment, checked once. Durations in milliseconds. */
export interface Config {
  /** Settings of each provider, by its name, as its declaration reads them. */
  readonly providers: Readonly<Record<ProviderName, unknown>>;
  /** Names of the variables with credentials that are set, for each provider. */
  readonly credentials: Readonly<Record<ProviderName, readonly string[]>>;
  /** Longest wait for a provider's answer to begin after the request is sent, and between two chunks of it. */
  readonly requestTimeoutMs: number;
  /** Absolute folders that file sources may lie in; none means that file sources are refused. */
  readonly sourceRoots: readonly string[];
  /** How long a file may wait for a worker that serves its folder. */
  readonly sourceDeadlineMs: number;
  readonly results: ResultsPlace;
  readonly s3: { readonly forcePathStyle: boolean };
  readonly poll: { readonly minIntervalMs: number; readonly maxIntervalMs: number; readonly requestsPerMinute: number };
  /** How long a create whose answer was lost may still take effect. */
  readonly settleWindowMs: number;
  /** How long uploads and calls in flight may still take once the worker was told to stop; then they are cancelled. */
  readonly shutdownGraceMs: number;
  /** Memory for the parts of all uploads that are on their way. */
  readonly uploadBufferBytes: number;
  readonly proxies: ProxySettings;
  readonly slots: {
    readonly calls: number;
    /** For each source root. */
    readonly uploads: number;
    /** S3 objects that are submitted at once. */
    readonly objects: number;
    readonly waits: number;
    readonly cachedWorkflows: number;
  };
}

/** Folder names with more parts than this, between separators, are not looked for. */
const MAX_PARTS_OF_A_NAME = 4;

/**
 * The folders of a path list.
 * @throws ConfigError for a folder whose own name holds the separator: its halves would be served in its place.
 */
function sourceRootsOf(list: string): string[] {
  const parts = list.split(path.delimiter);
  for (const [index] of parts.entries()) {
    for (let end = index + 2; end <= Math.min(parts.length, index + MAX_PARTS_OF_A_NAME); end++) {
      const joined = path.resolve(parts.slice(index, end).join(path.delimiter));
      if (!existsSync(joined)) continue;
      throw new ConfigError(
        `ASSET_LIFECYCLE_SOURCE_ROOTS: the name of ${joined} contains "${path.delimiter}", which separates folders here; ` +
          'serve it through a symlink with another name',
      );
    }
  }
  return parts.filter(Boolean).map((root) => path.resolve(root));
}

/**
 * Reads the environment.
 * @throws ConfigError naming the variable and what it may be; never its value where that is secret.
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const [env, ...settings] = read(
    [EnvironmentSchema, ...PROVIDERS.map((declared) => declared.environment)],
    environment,
  );
  if (env.ASSET_LIFECYCLE_POLL_INTERVAL_MIN > env.ASSET_LIFECYCLE_POLL_INTERVAL_MAX) {
    throw new ConfigError(
      'ASSET_LIFECYCLE_POLL_INTERVAL_MIN: must not be longer than ASSET_LIFECYCLE_POLL_INTERVAL_MAX',
    );
  }
  return Object.freeze({
    providers: Object.fromEntries(PROVIDERS.map(({ name }, index) => [name, settings[index]])),
    credentials: Object.fromEntries(
      PROVIDERS.map(({ name, credentials }) => [name, credentials.filter((variable) => environment[variable]?.trim())]),
    ),
    requestTimeoutMs: env.ASSET_LIFECYCLE_REQUEST_TIMEOUT,
    sourceRoots: sourceRootsOf(env.ASSET_LIFECYCLE_SOURCE_ROOTS),
    sourceDeadlineMs: env.ASSET_LIFECYCLE_SOURCE_DEADLINE,
    results: env.ASSET_LIFECYCLE_RESULTS,
    s3: { forcePathStyle: env.ASSET_LIFECYCLE_S3_FORCE_PATH_STYLE === 'true' },
    poll: {
      minIntervalMs: env.ASSET_LIFECYCLE_POLL_INTERVAL_MIN,
      maxIntervalMs: env.ASSET_LIFECYCLE_POLL_INTERVAL_MAX,
      requestsPerMinute: env.ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE,
    },
    settleWindowMs: env.ASSET_LIFECYCLE_SETTLE_WINDOW,
    shutdownGraceMs: env.ASSET_LIFECYCLE_SHUTDOWN_GRACE,
    uploadBufferBytes: env.ASSET_LIFECYCLE_UPLOAD_BUFFER_MB * 1024 ** 2,
    proxies: proxiesOf(env),
    slots: {
      calls: env.ASSET_LIFECYCLE_CALL_SLOTS,
      uploads: env.ASSET_LIFECYCLE_UPLOAD_SLOTS,
      objects: env.ASSET_LIFECYCLE_OBJECT_SLOTS,
      waits: env.ASSET_LIFECYCLE_WAIT_SLOTS,
      cachedWorkflows: env.ASSET_LIFECYCLE_CACHED_WORKFLOWS,
    },
  });
}

/** The proxies alone, for a command that needs nothing else of the environment. @throws ConfigError as above. */
export const loadProxies = (environment: NodeJS.ProcessEnv = process.env): ProxySettings =>
  proxiesOf(read([ProxyEnvironmentSchema], environment)[0]);

/** What each schema reads from the environment. @throws ConfigError naming every mistake */
function read<const S extends readonly z.ZodType[]>(
  schemas: S,
  environment: NodeJS.ProcessEnv,
): { -readonly [I in keyof S]: z.output<S[I]> } {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schemas.map((schema) => schema.safeParse(set));
  const issues = parsed.flatMap(({ error }) => error?.issues ?? []);
  if (issues.length > 0) {
    throw new ConfigError(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  return parsed.map(({ data }) => data) as { -readonly [I in keyof S]: z.output<S[I]> };
}

/** Reads the proxy variables as curl and Node do: lower case wins, and https defaults to the proxy of http. */
function proxiesOf(env: z.output<typeof ProxyEnvironmentSchema>): ProxySettings {
  const http = env.http_proxy ?? env.HTTP_PROXY;
  return { http, https: env.https_proxy ?? env.HTTPS_PROXY ?? http, noProxy: env.no_proxy ?? env.NO_PROXY };
}
