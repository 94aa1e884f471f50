import type { PartUrl, UploadSessions } from '../../providers/upload-sessions';

const MOST_URLS = 50;
/** A URL with less than this of its life left is not used; of short lives, a quarter. */
const MARGIN_MS = 30_000;
/** URLs that live shorter than this are asked for only a few at a time. */
const SHORT_LIFE_MS = 60_000;

interface Known {
  url: PartUrl;
  usableUntil: number;
}

/** Presigned URLs of one session, asked for in batches before the old ones expire; each is given out once. */
export class PartUrls {
  private readonly known = new Map<number, Known>();
  private asking: Promise<unknown> = Promise.resolve();
  private batch = MOST_URLS;

  constructor(
    private readonly sessions: UploadSessions,
    private readonly upload: { sessionId: string; totalParts: number },
    private readonly concurrency: number,
    private readonly signal: AbortSignal,
    first: readonly PartUrl[] = [],
  ) {
    this.learn(first);
  }

  /** A URL that has not been used. */
  async take(part: number): Promise<PartUrl> {
    for (;;) {
      const url = this.usable(part);
      if (url) return url;
      const asking = this.asking.then(() => (this.has(part) ? undefined : this.ask(part)));
      this.asking = asking.catch(() => {}); // whoever asked hears of it
      await asking;
    }
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
    this.learn(await this.sessions.partUrls(sessionId, { first: part, count }, { signal: this.signal }));
  }

  private learn(urls: readonly PartUrl[]): void {
    const now = Date.now();
    for (const url of urls) {
      const life = url.expiresAt - now;
      this.batch = life < SHORT_LIFE_MS ? this.concurrency : MOST_URLS;
      this.known.set(url.part, { url, usableUntil: url.expiresAt - Math.min(MARGIN_MS, life / 4) });
    }
  }
}
