import { OutageBreaker } from './outage-breaker';

/** Why a request got no usable answer: no server was reached, or the server did not do its work. */
export type Trouble = 'no connection' | 'no usable answer';

/**
 * Tracks which routes of a provider are down. Trouble at one route closes only that route. The whole provider counts as
 * down when no connection can be made, or when several routes fail in a row without a usable answer between.
 */
export class Outages {
  private readonly routes = new Map<string, OutageBreaker>();
  private readonly provider = new OutageBreaker();
  /** Routes that failed since the last usable answer of any route. */
  private readonly failing = new Set<string>();

  /** True while the whole provider is down. */
  get providerDown(): boolean {
    return this.provider.down;
  }

  /** The outage because of which a request must not go out now, if there is one. */
  closedFor(route: string, now: number): OutageBreaker | undefined {
    return [this.provider, this.breakerOf(route)].find((breaker) => breaker.refuses(now));
  }

  begin(route: string, now: number): void {
    this.provider.begin(now);
    this.breakerOf(route).begin(now);
  }

  succeeded(route: string): void {
    this.failing.clear();
    this.provider.succeeded();
    this.breakerOf(route).succeeded();
  }

  failed(route: string, trouble: Trouble, now: number): void {
    if (trouble === 'no connection') {
      this.breakerOf(route).abandoned();
      return this.provider.failed(now);
    }
    this.breakerOf(route).failed(now);
    this.failing.add(route);
    if (this.failing.size > 1 || this.provider.down) this.provider.failed(now);
    else this.provider.abandoned();
  }

  abandoned(route: string): void {
    this.provider.abandoned();
    this.breakerOf(route).abandoned();
  }

  private breakerOf(route: string): OutageBreaker {
    const known = this.routes.get(route);
    if (known) return known;
    const fresh = new OutageBreaker();
    this.routes.set(route, fresh);
    return fresh;
  }
}
