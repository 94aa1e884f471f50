import { z } from 'zod';
import type { CleanupPolicy } from '../cleanup-policy';
import { durationMs } from '../duration';
import type { ProviderName } from '../ids';
import type { LifecycleError, ReceiptEntry } from '../lifecycle-status';
import type { Resource } from '../resource';

export const DEFAULT_GRACE = '15m';

const GraceSchema = z
  .string()
  .refine((text) => durationMs(text) !== undefined, 'must be a duration such as "0s", "15m" or "2h"');

/**
 * Input of `orphanSweep`; everything is optional. At a provider with places it also names the places, one or a list, by
 * the field that names the place in a lifecycle's input; see `acceptSweep`.
 */
export const SweepInputSchema = z.strictObject({
  /** Checked by the registry of providers, which also fills in the default. */
  provider: z.string().min(1),
  /** Minimum age of an orphan, and minimum time since its lifecycle ended. */
  grace: GraceSchema.default(DEFAULT_GRACE),
  /** Only finds and reports. */
  dryRun: z.boolean().default(false),
  /** Also cleans up vanished assets, by the more careful of their two cleanup policies. Not allowed in a Schedule. */
  includeVanished: z.boolean().default(false),
});
export type SweepInput = z.input<typeof SweepInputSchema>;
/** `places` are there where the provider has such. */
export type AcceptedSweep = z.output<typeof SweepInputSchema> & { places?: string[] };

/**
 * Why an asset is an orphan. `stopped`: its lifecycle was terminated or timed out. `unfinished`: its lifecycle's
 * cleanup left it over. `surplus`: its lifecycle has another asset. `vanished`: Temporal no longer knows its lifecycle;
 * an orphan only with `includeVanished`.
 */
export type OrphanCause = 'stopped' | 'unfinished' | 'vanished' | 'surplus';

/** An asset, or a file in a session that is still open, whose lifecycle ended without cleaning it up. */
export interface Orphan {
  /** Absent of a file in a session. */
  assetId?: string;
  key: string;
  workflowId: string;
  cause: OrphanCause;
  /** Policy that its lifecycle would have applied. */
  policy: CleanupPolicy;
  /** The asset and everything its lifecycle made from it, in order of creation; or what is in the session. */
  made: Resource[];
}

/** Numbers of the assets that a sweep looked at, except orphans, which are listed. */
export interface SweepCounts {
  /** No tag of this Temporal namespace: never touched. */
  others: number;
  /** Their lifecycle is open: never touched. */
  open: number;
  /** Within the grace period. */
  young: number;
  /** Their lifecycle completed with them, or kept them on purpose. */
  wanted: number;
  /** Not released, and Temporal no longer knows their lifecycle: only touched with `includeVanished`. */
  vanished: number;
  /** Their marks lie in a result store that this worker does not see: never touched. */
  elsewhere: number;
}

/** An asset whose lifecycle Temporal no longer knows, and that was not released. */
export interface VanishedAsset extends Pick<Orphan, 'key' | 'workflowId'> {
  assetId: string;
  /** Where the provider has places. */
  place?: string;
}

export interface SweptOrphan extends Pick<Orphan, 'assetId' | 'key' | 'cause' | 'policy'> {
  /** Where the provider has places. */
  place?: string;
  /** Receipt entries, newest resource first, of which those of sessions name the session; empty if nothing was touched. */
  entries: ReceiptEntry[];
  /** What was found to end, newest first, if nothing was touched: of an asset that stays for others only what was made from it. */
  would?: { resource: string; id?: string }[];
}

/** A place that could not be looked at, such as one that is gone. */
export interface UnreadPlace extends LifecycleError {
  place: string;
}

/** Result of `orphanSweep`. If something is left over, or not looked at, the workflow fails with this report as details. */
export interface SweepReport {
  provider: ProviderName;
  /** Where the provider has places. */
  places?: readonly string[];
  dryRun: boolean;
  /** Absent if all were looked at. */
  unread?: UnreadPlace[];
  /** Why nothing was removed or marked though it was no dry run. */
  reportsOnly?: string;
  grace: string;
  seen: SweepCounts;
  /** The first 500; `seen.vanished` counts all. */
  vanished: VanishedAsset[];
  /** Numbers of wanted assets whose release mark was missing: `marked` have it now, `unmarked` still have none. */
  marked: number;
  unmarked: number;
  /** Batches that closed 30 days ago, of which nothing is kept any more; absent if there were none. */
  batches?: number;
  /** The first 500; `found` counts all. */
  orphans: SweptOrphan[];
  found: number;
  /** Numbers of resources, by result. */
  deleted: number;
  kept: number;
  leftover: number;
}
