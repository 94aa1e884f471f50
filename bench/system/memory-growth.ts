const SAMPLE_EVERY_MS = 50;

/** Samples a process's memory until `stop`, which gives the most that it had more than at the start, in bytes. */
export async function watchMemory(residentBytes: () => Promise<number>): Promise<{ stop: () => number }> {
  const before = await residentBytes();
  let most = before;
  const sample = async (): Promise<void> => {
    most = Math.max(most, await residentBytes());
  };
  const sampler = setInterval(() => void sample().catch(() => {}), SAMPLE_EVERY_MS); // it may have ended
  return {
    stop: () => {
      clearInterval(sampler);
      return most - before;
    },
  };
}
