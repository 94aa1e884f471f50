import type { MediaFacts, Progress } from '../store/records';
import type { Emulation } from './emulation';

const BYTES_PER_MEGABYTE = 1_000_000;

export type ProgressState = 'processing' | 'ready' | 'failed';

/** Computed from the clock, so that the state changes without a timer. */
export function stateOf(progress: Progress, now: number): ProgressState {
  if (progress.endsAt === null || progress.endsAt > now) return 'processing';
  return progress.error === undefined ? 'ready' : 'failed';
}

/** 0 at the start, 1 at the end. */
export function fractionOf(progress: Progress, now: number): number {
  if (progress.endsAt === null) return 0;
  if (progress.endsAt <= now) return 1;
  return (now - progress.startedAt) / (progress.endsAt - progress.startedAt);
}

/** The last change of state that has happened by now. */
export function lastChangeAt(progress: Progress, now: number): number {
  return progress.endsAt !== null && progress.endsAt <= now ? progress.endsAt : progress.startedAt;
}

/** @param startedAt default: now */
export function workOn(
  { clock, settings }: Emulation,
  sizeBytes: number,
  error?: string,
  startedAt = clock.now(),
): Progress {
  const { baseMs, msPerMegabyte } = settings.processing;
  const endsAt = startedAt + baseMs + (sizeBytes / BYTES_PER_MEGABYTE) * msPerMegabyte;
  return { startedAt, endsAt, ...(error === undefined ? {} : { error }) };
}

export const workOnMedia = (emulation: Emulation, facts: MediaFacts, startedAt?: number): Progress =>
  workOn(emulation, facts.sizeBytes, facts.problem, startedAt);

/** Waiting for bytes that are being fetched. */
export const fetching = ({ clock }: Emulation): Progress => ({ startedAt: clock.now(), endsAt: null });

export function failNow({ clock }: Emulation, progress: Progress, message: string): void {
  progress.endsAt = Math.min(progress.endsAt ?? Infinity, clock.now());
  progress.error = message;
}
