import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { isExempt, type ProxySettings } from './proxy-settings';

type Callback = (error: Error | null, socket: Duplex) => void;
type Connect = (options: ClientRequestArgs, callback?: Callback) => Duplex | null | undefined;

/** Agents of Node's own HTTP, whose connections are direct ones or tunnels through the proxies. */
export function createAgents(options: AgentOptions, proxies: ProxySettings): { http: HttpAgent; https: HttpsAgent } {
  const direct = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    http: proxies.http
      ? tunnelling(new HttpProxyAgent({ ...options, proxy: proxies.http }), direct.http, proxies)
      : direct.http,
    https: proxies.https
      ? tunnelling(new HttpsProxyAgent({ ...options, proxy: proxies.https }), direct.https, proxies)
      : direct.https,
  };
}

/** Lets `agent` connect to exempt hosts as `direct` does, and gives failures of the proxy a code. */
function tunnelling<A extends HttpAgent>(agent: A, direct: A, proxies: ProxySettings): A {
  const through = agent.createConnection.bind(agent) as Connect;
  const directly = direct.createConnection.bind(direct) as Connect;
  const connect: Connect = (options, callback) => {
    const host = String(options.host);
    if (isExempt(proxies, host.includes(':') ? `[${host}]` : host, Number(options.port))) {
      return directly(options, callback);
    }
    return through(options, (error, socket) => {
      callback?.(error && !('code' in error) ? Object.assign(error, { code: 'EPROXY' }) : error, socket);
    });
  };
  return Object.assign(agent, { createConnection: connect });
}
