import { setTimeout as delay } from 'node:timers/promises';

/** Counters of the Temporal server at one moment. */
export interface ServerCounts {
  /** Billable actions by type. */
  actions: Map<string, number>;
  /** Requests to the frontend by method. */
  requests: Map<string, number>;
}

/** The server reports its counters about once a second. */
const REPORTED_WITHIN_MS = 1500;

/** The counts once no more actions are reported. */
export async function settledServerCounts(metricsUrl: string, namespace: string): Promise<ServerCounts> {
  for (let before = -1; ;) {
    const counts = await readServerCounts(metricsUrl, namespace);
    if (total(counts.actions) === before) return counts;
    before = total(counts.actions);
    await delay(REPORTED_WITHIN_MS);
  }
}

/** Reads the server's Prometheus page; only what concerns `namespace`. */
async function readServerCounts(metricsUrl: string, namespace: string): Promise<ServerCounts> {
  const page = await (await fetch(metricsUrl)).text();
  const counts: ServerCounts = { actions: new Map(), requests: new Map() };
  for (const line of page.split('\n')) {
    const [, name, labels = '', value] = /^([a-z_]+)\{(.*)\} ([0-9.e+]+)$/.exec(line) ?? [];
    const label = (which: string): string | undefined => new RegExp(`(?:^|,)${which}="([^"]*)"`).exec(labels)?.[1];
    if (label('namespace') !== namespace) continue;
    if (name === 'action') add(counts.actions, label('action_type') ?? '?', Number(value));
    if (name === 'service_requests' && label('service_name') === 'frontend') {
      add(counts.requests, label('operation') ?? '?', Number(value));
    }
  }
  return counts;
}

const add = (counts: Map<string, number>, name: string, value: number): void =>
  void counts.set(name, (counts.get(name) ?? 0) + value);

/** What came in between, without what did not change. */
export function difference(after: Map<string, number>, before: Map<string, number>): Map<string, number> {
  const more = [...after].map(([name, value]): [string, number] => [name, value - (before.get(name) ?? 0)]);
  return new Map(more.filter(([, value]) => value > 0).toSorted(([, a], [, b]) => b - a));
}

export const total = (counts: Map<string, number>): number =>
  [...counts.values()].reduce((sum, value) => sum + value, 0);
