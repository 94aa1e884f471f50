import { tsToMs } from '@temporalio/common/lib/time';
import { searchAttributeProblems, type NamespaceServices, type SearchAttributeProblems } from './search-attributes';

/** What this service finds in a namespace. */
export interface NamespaceState {
  /** Unlike its name it is unique among all clusters, so it can say who owns an object at the provider. */
  id: string;
  searchAttributes: SearchAttributeProblems;
  /** How long closed runs are kept. */
  retentionMs?: number;
}

const DAY_MS = 86_400_000;
/**
 * A closed run is looked at by the sweep and by `status`, and a start of the same key joins it. After its retention all
 * that is left of it is the tag of its asset.
 */
const MIN_RETENTION_MS = DAY_MS;

/** One request when nothing is missing, else a few more. */
export async function inspectNamespace(services: NamespaceServices, namespace: string): Promise<NamespaceState> {
  const { namespaceInfo, config } = await services.workflowService.describeNamespace({ namespace });
  if (!namespaceInfo?.id) throw new Error(`the server gave no id for the namespace "${namespace}"`);
  const retention = config?.workflowExecutionRetentionTtl;
  return {
    id: namespaceInfo.id,
    searchAttributes: await searchAttributeProblems(services, namespace, config?.customSearchAttributeAliases ?? {}),
    retentionMs: retention ? tsToMs(retention) : undefined,
  };
}

/**
 * What follows from a retention that is shorter than this service assumes; nothing when it is long enough.
 * @param sweepMs how long an orphan may wait for the sweep: its age and the time between two sweeps.
 */
export function retentionWarning({ retentionMs }: NamespaceState, sweepMs = 0): string | undefined {
  const least = Math.max(MIN_RETENTION_MS, sweepMs);
  if (retentionMs === undefined || retentionMs >= least) return undefined;
  return (
    `closed runs are kept for ${hoursOf(retentionMs)}, less than ${hoursOf(least)}: after that the sweep only reports ` +
    'what a terminated lifecycle left, "status" finds nothing, and a start of the same key runs anew; ' +
    'lengthen the retention of the namespace'
  );
}

/** In whole hours below two days, else in days. */
function hoursOf(ms: number): string {
  const hours = ms / 3_600_000;
  return hours <= 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 2.4) / 10} d`;
}
