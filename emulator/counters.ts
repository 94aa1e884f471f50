export interface RouteCount {
  requests: number;
  /** By status; `dropped` counts connections that were closed without an answer. */
  byStatus: Record<string, number>;
}

/** How often each route was asked, and how it answered. */
export class Counters {
  private readonly routes = new Map<string, RouteCount>();

  request(route: string): void {
    this.of(route).requests += 1;
  }

  answer(route: string, status: number | 'dropped'): void {
    const { byStatus } = this.of(route);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }

  clear(): void {
    this.routes.clear();
  }

  all(): Record<string, RouteCount> {
    return Object.fromEntries(this.routes);
  }

  private of(route: string): RouteCount {
    const known = this.routes.get(route);
    if (known) return known;
    const fresh = { requests: 0, byStatus: {} };
    this.routes.set(route, fresh);
    return fresh;
  }
}
