interface SharedCall<T> {
  callers: { resolve: (value: T) => void; reject: (error: unknown) => void }[];
  /** Epoch milliseconds. */
  since: number;
  timer?: NodeJS.Timeout;
}

export interface SharingWindow {
  /** Callers less than this after another share its call, in milliseconds. */
  windowMs: number;
  /** Nobody waits longer for others. */
  maxMs: number;
}

/**
 * Calls that many make at the same moment, made once for all of them. A call begins after the last of its callers came, so
 * that each hears of what was so when it asked, or later.
 * @param call is given a text; only callers with the same text share a call
 */
export function shareCalls<T>(
  call: (about: string) => Promise<T>,
  { windowMs, maxMs }: SharingWindow,
): (about: string) => Promise<T> {
  const gathering = new Map<string, SharedCall<T>>();
  const make = async (about: string, { callers }: SharedCall<T>): Promise<void> => {
    gathering.delete(about);
    try {
      const value = await call(about);
      for (const { resolve } of callers) resolve(value);
    } catch (error) {
      for (const { reject } of callers) reject(error);
    }
  };
  return (about) =>
    new Promise((resolve, reject) => {
      const now = Date.now();
      const shared = gathering.get(about) ?? { callers: [], since: now };
      gathering.set(about, shared);
      shared.callers.push({ resolve, reject });
      clearTimeout(shared.timer);
      shared.timer = setTimeout(() => void make(about, shared), Math.min(windowMs, shared.since + maxMs - now));
    });
}
