import { z } from 'zod';
import type { CleanupPolicy } from '../cleanup-policy';
import { durationMs } from '../duration';
import type { ProviderName } from '../ids';
import type { ReceiptEntry } from '../lifecycle-status';
import type { Resource } from '../resource';

export const DEFAULT_GRACE = '15m';

const GraceSchema = z
  .string()
  .refine((text) => durationMs(text) !== undefined, 'must be a duration such as "0s", "15m" or "2h"');

/** Input of `orphanSweep`; everything is optional. */
export const SweepInputSchema = z.strictObject({
  /** The registry of providers checks it, and fills in the default. */
  provider: z.string().min(1),
  /** How old an asset, and how long over its lifecycle, must be at least. */
  grace: GraceSchema.default(DEFAULT_GRACE),
  /** Finds and reports, and touches nothing. */
  dryRun: z.boolean().default(false),
  /** Ends also what has vanished, as the more careful of its two cleanup policies says; refused from a Schedule. */
  includeVanished: z.boolean().default(false),
});
export type SweepInput = z.input<typeof SweepInputSchema>;
export type AcceptedSweep = z.output<typeof SweepInputSchema>;

/**
 * Why an asset is an orphan. `stopped`: its lifecycle was terminated or timed out. `unfinished`: its lifecycle's
 * cleanup left it over. `surplus`: its lifecycle has another asset. `vanished`: no lifecycle can tell what was to become
 * of it; an orphan only where the input says so.
 */
export type OrphanCause = 'stopped' | 'unfinished' | 'vanished' | 'surplus';

/** An asset whose lifecycle has gone without cleaning up. */
export interface Orphan {
  assetId: string;
  key: string;
  workflowId: string;
  cause: OrphanCause;
  /** What its lifecycle would have done with it. */
  policy: CleanupPolicy;
  /** It and what its lifecycle made from it, in order of creation. */
  made: Resource[];
}

/** How many assets a sweep has looked at, by what became of them; orphans are listed apart. */
export interface SweepCounts {
  /** Without the tag of this Temporal namespace: never touched. */
  others: number;
  /** Their lifecycle is open: never touched. */
  open: number;
  /** Within the grace period. */
  young: number;
  /** Their lifecycle completed with them, or kept them on purpose. */
  wanted: number;
  /** Temporal does not know their lifecycle, and none has let go of them: never touched unless the input says so. */
  vanished: number;
}

/** An asset of which no lifecycle can tell what was to become of it. */
export type VanishedAsset = Pick<Orphan, 'assetId' | 'key' | 'workflowId'>;

export interface SweptOrphan extends Pick<Orphan, 'assetId' | 'key' | 'cause' | 'policy'> {
  /** What was done, newest resource first; empty in a dry run. */
  entries: ReceiptEntry[];
}

/** Result of `orphanSweep`; where something is left over, the details of its failure. */
export interface SweepReport {
  provider: ProviderName;
  dryRun: boolean;
  grace: string;
  seen: SweepCounts;
  /** The first 500; `seen.vanished` counts all. */
  vanished: VanishedAsset[];
  /** Wanted assets without a release mark: those that have it now, and those that still have none. */
  marked: number;
  unmarked: number;
  /** The first 500; `found` counts all. */
  orphans: SweptOrphan[];
  found: number;
  /** Resources by what became of them. */
  deleted: number;
  kept: number;
  leftover: number;
}
