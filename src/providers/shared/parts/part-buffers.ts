interface Waiting {
  bytes: number;
  give: (lease: PartBuffer) => void;
}

/** A buffer for one part; free for others after `giveBack`. */
export interface PartBuffer {
  buffer: Buffer;
  giveBack(): void;
}

/**
 * Buffers for the parts of all uploads of a worker, within a limit of memory. Exception: a single part may exceed the
 * limit, so that every size can be sent. Uploads wait for a free buffer in their order.
 */
export class PartBuffers {
  private takenBytes = 0;
  private free: Buffer[] = [];
  private readonly waiting: Waiting[] = [];

  constructor(private readonly maxBytes: number) {}

  /** Waits for a buffer. @throws the reason of `signal` if it aborts first */
  async take(bytes: number, signal: AbortSignal): Promise<PartBuffer> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const at = this.waiting.indexOf(waiting);
        if (at >= 0) this.waiting.splice(at, 1);
        reject(signal.reason as Error);
        this.serve(); // a smaller request behind this one may fit
      };
      const waiting: Waiting = {
        bytes,
        give: (lease) => {
          signal.removeEventListener('abort', leave);
          resolve(lease);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(waiting);
      this.serve();
    });
  }

  private serve(): void {
    for (;;) {
      const [next] = this.waiting;
      if (!next || (this.takenBytes > 0 && this.takenBytes + next.bytes > this.maxBytes)) return;
      this.waiting.shift();
      next.give(this.lease(next.bytes));
    }
  }

  private lease(bytes: number): PartBuffer {
    this.takenBytes += bytes;
    const at = this.free.findIndex(({ byteLength }) => byteLength === bytes);
    const [kept] = at < 0 ? [] : this.free.splice(at, 1);
    this.shrink();
    const buffer = kept ?? Buffer.allocUnsafeSlow(bytes);
    let released = false;
    return {
      buffer,
      giveBack: () => {
        if (released) return;
        released = true;
        this.takenBytes -= bytes;
        this.free.push(buffer);
        this.serve();
        this.shrink();
      },
    };
  }

  /** Drops free buffers over the limit, and all of them when no upload needs one. */
  private shrink(): void {
    if (this.takenBytes === 0) this.free = [];
    let bytes = this.free.reduce((sum, { byteLength }) => sum + byteLength, this.takenBytes);
    while (bytes > this.maxBytes && this.free.length > 0) bytes -= this.free.shift()?.byteLength ?? 0;
  }
}
