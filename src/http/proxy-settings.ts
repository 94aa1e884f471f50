/** Proxies by the scheme of the requested URL. Proxy URLs may hold a password. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  /** As `NO_PROXY` has it: hosts that are asked directly, with all below them; `*` for every host. */
  readonly noProxy: string;
}

export const NO_PROXIES: ProxySettings = { noProxy: '' };

/** On another machine, `localhost` in a proxied request would mean the proxy itself. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The hosts that no proxy is used for, as a list. */
export const exemptHosts = ({ noProxy }: ProxySettings): string[] =>
  [...noProxy.split(/[,\s]+/), ...LOOPBACK].filter(Boolean);

/** True if requests to the host (an IPv6 address in brackets) bypass the proxy. An entry may name a port. */
export function isExempt(settings: ProxySettings, host: string, port: number): boolean {
  const asked = host.toLowerCase();
  return exemptHosts(settings).some((entry) => {
    if (entry === '*') return true;
    const [, name = entry, ofPort] = /^(.+):(\d+)$/.exec(entry) ?? [];
    if (ofPort !== undefined && Number(ofPort) !== port) return false;
    const exempt = name.replace(/^\*?\./, '').toLowerCase();
    return asked === exempt || asked.endsWith(`.${exempt}`);
  });
}
