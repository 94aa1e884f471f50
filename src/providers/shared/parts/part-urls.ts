import { failure } from '../../../contracts/failures';
import type { PartUrl, PartUploads } from '../../part-uploads';

/** A URL that expires sooner than this is not used; for URLs of short life, a quarter of it. */
const MARGIN_MS = 30_000;
/** URLs that live shorter than this are asked for only a few at a time. */
const SHORT_LIFE_MS = 60_000;
/** Assumed life of a URL without a stated expiry. */
const USUAL_LIFE_MS = 3_600_000;
/** Requests for the URL of one part, when answers lack it or it has expired already. */
const MAX_REQUESTS_PER_URL = 5;

interface Known {
  url: PartUrl;
  usableUntil: number;
}

/** Presigned URLs of one session. They are requested in batches, before the old ones expire, and each is used once. */
export class PartUrls {
  private readonly known = new Map<number, Known>();
  private asking: Promise<unknown> = Promise.resolve();
  private batch: number;

  constructor(
    private readonly sessions: PartUploads,
    private readonly upload: { sessionId: string; totalParts: number },
    private readonly concurrency: number,
    private readonly signal: AbortSignal,
    first: readonly PartUrl[] = [],
  ) {
    this.batch = sessions.urlsPerRequest;
    this.learn(first);
  }

  /** Gives an unused URL. @throws ProviderUnavailable if the provider gives none that is still valid */
  async take(part: number): Promise<PartUrl> {
    for (let asked = 0; asked <= MAX_REQUESTS_PER_URL; asked++) {
      const url = this.usable(part);
      if (url) return url;
      const asking = this.asking.then(() => (this.has(part) ? undefined : this.ask(part)));
      this.asking = asking.catch(() => {}); // the error reaches the callers that await `asking`
      await asking;
    }
    throw failure('ProviderUnavailable', `Upload session ${this.upload.sessionId}: no usable URL for part ${part}`);
  }

  private usable(part: number): PartUrl | undefined {
    const known = this.known.get(part);
    this.known.delete(part);
    return known && Date.now() < known.usableUntil ? known.url : undefined;
  }

  private has(part: number): boolean {
    return Date.now() < (this.known.get(part)?.usableUntil ?? 0);
  }

  private async ask(part: number): Promise<void> {
    const count = Math.min(this.batch, this.upload.totalParts - part + 1);
    const { sessionId } = this.upload;
    this.learn(await this.sessions.urls(sessionId, { first: part, count }, { signal: this.signal }));
  }

  private learn(urls: readonly PartUrl[]): void {
    const now = Date.now();
    for (const url of urls) {
      const life = Number.isNaN(url.expiresAt) ? USUAL_LIFE_MS : url.expiresAt - now;
      this.batch = life < SHORT_LIFE_MS ? this.concurrency : this.sessions.urlsPerRequest;
      this.known.set(url.part, { url, usableUntil: now + life - Math.min(MARGIN_MS, life / 4) });
    }
  }
}
