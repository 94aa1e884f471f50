export interface RouteCount {
  requests: number;
  /** By status; `dropped` counts connections that were closed without an answer. */
  byStatus: Record<string, number>;
}

export interface PartCount {
  /** Requests, whatever became of them. */
  puts: number;
  /** Of these, how many left their bytes there. */
  stored: number;
  bytesReceived: number;
}

/** What the part store took in; bytes of bodies that were cut off or refused count as well. */
export interface PartCounts extends PartCount {
  /** Requests that carried the API's key, which is not meant for the store. */
  withApiKey: number;
  /** By `<upload>/<number of the part>`. */
  byPart: Record<string, PartCount>;
}

const NOTHING = { puts: 0, stored: 0, bytesReceived: 0 } as const satisfies PartCount;

/** How often each route was asked, and how it answered. */
export class Counters {
  private readonly routes = new Map<string, RouteCount>();
  private readonly byPart = new Map<string, PartCount>();
  private readonly allParts: PartCount & { withApiKey: number } = { ...NOTHING, withApiKey: 0 };

  request(route: string): void {
    this.of(route).requests += 1;
  }

  answer(route: string, status: number | 'dropped'): void {
    const { byStatus } = this.of(route);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }

  apiKeyAtStore(): void {
    this.allParts.withApiKey += 1;
  }

  part(name: string, count: keyof PartCount, by = 1): void {
    const one = this.byPart.get(name) ?? { ...NOTHING };
    this.byPart.set(name, one);
    one[count] += by;
    this.allParts[count] += by;
  }

  parts(): PartCounts {
    return { ...this.allParts, byPart: Object.fromEntries(this.byPart) };
  }

  clear(): void {
    this.routes.clear();
    this.byPart.clear();
    Object.assign(this.allParts, NOTHING, { withApiKey: 0 });
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
