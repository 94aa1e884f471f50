import { Agent, EnvHttpProxyAgent, Pool, setGlobalDispatcher, type Dispatcher } from 'undici';
import { exemptHosts, type ProxySettings } from './proxy-settings';

const CONNECT_TIMEOUT_MS = 10_000;

interface DispatcherOptions {
  /** To one origin at once. */
  connections: number;
  /** For an answer to begin, and between two pieces of it; 0 where the caller takes the time. */
  requestTimeoutMs: number;
}

/** Connections for requests: direct ones, or tunnels through the proxies. */
export function createDispatcher(
  { connections, requestTimeoutMs }: DispatcherOptions,
  proxies: ProxySettings,
): Dispatcher {
  const connect = { timeout: CONNECT_TIMEOUT_MS };
  const options = { connections, connect, headersTimeout: requestTimeoutMs, bodyTimeout: requestTimeoutMs };
  if (!usesProxies(proxies)) return new Agent(options);
  const tunnelTimeoutMs = Math.min(CONNECT_TIMEOUT_MS, requestTimeoutMs || CONNECT_TIMEOUT_MS);
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxies.http ?? '', // an empty text keeps it from reading the environment itself
    httpsProxy: proxies.https ?? '',
    noProxy: proxies.noProxy.trim() === '*' ? '*' : exemptHosts(proxies).join(','),
    requestTls: connect,
    proxyTls: connect,
    // Without this a proxy that accepts a connection and never answers would hold a request for five minutes.
    clientFactory: (origin, poolOptions) => new Pool(origin, { ...poolOptions, headersTimeout: tunnelTimeoutMs }),
  });
}

const usesProxies = ({ http, https }: ProxySettings): boolean => http !== undefined || https !== undefined;

/** Lets the `fetch` of this process, which knows no proxies, use them as well. */
export function useProxiesForFetch(proxies: ProxySettings): void {
  if (usesProxies(proxies)) setGlobalDispatcher(createDispatcher(FETCH, proxies));
}

const FETCH: DispatcherOptions = { connections: 128, requestTimeoutMs: 300_000 };
