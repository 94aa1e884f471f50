import { ASSET_LIFECYCLE, SEARCH_ATTRIBUTES } from '../contracts/ids';
import type { BranchType } from '../contracts/branch';
import type { Outcome, Phase } from '../contracts/lifecycle-status';

export interface ListFilter {
  phase?: Phase;
  outcome?: Outcome;
  branch?: BranchType;
  assetId?: string;
  /** More conditions in Temporal's list filter language, joined with AND. */
  query?: string;
  /** Most summaries to give. */
  limit?: number;
}

/** The filter in Temporal's own language. */
export function listQuery({ phase, outcome, branch, assetId, query }: ListFilter): string {
  const equals = (attribute: { name: string }, value: string | undefined): string[] =>
    value === undefined ? [] : [`${attribute.name} = '${value.replaceAll("'", "''")}'`];
  return [
    `WorkflowType = '${ASSET_LIFECYCLE}'`,
    ...equals(SEARCH_ATTRIBUTES.phase, phase),
    ...equals(SEARCH_ATTRIBUTES.outcome, outcome),
    ...equals(SEARCH_ATTRIBUTES.branch, branch),
    ...equals(SEARCH_ATTRIBUTES.assetId, assetId),
    ...(query ? [`(${query})`] : []),
  ].join(' AND ');
}
