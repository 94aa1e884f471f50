import { ASSET_LIFECYCLE, branchesInAttribute, SEARCH_ATTRIBUTES, type ProviderName } from '../../contracts/ids';
import { isOutcome, OUTCOMES, PHASES, type Outcome, type Phase } from '../../contracts/lifecycle-status';
import { InvalidInput } from '../errors';
import type { LifecycleSummary } from './run-status';

/** What a list is narrowed to; every field that is given must hold. */
export interface ListFilter {
  provider?: ProviderName;
  phase?: Phase;
  outcome?: Outcome;
  /** Type of a branch: only runs that take it, alone or beside others. `none`: only runs without a branch. */
  branch?: string;
  assetId?: string;
  /** Only keys that begin with this, whatever characters it has. */
  key?: string;
  /** Only runs that were started at this time or later. */
  startedAfter?: Date;
  /** Only runs that were started before this time. */
  startedBefore?: Date;
  /** Only runs that have ended, at this time or later. */
  closedAfter?: Date;
  /** Only runs that have ended, before this time. */
  closedBefore?: Date;
  /** More conditions in Temporal's list filter language, joined with AND. */
  query?: string;
  /** Most summaries to give. */
  limit?: number;
}

/** The condition that every query of ours begins with. */
export const LIFECYCLES_CONDITION = `WorkflowType = '${ASSET_LIFECYCLE}'`;

/** Words of ours and ids of the provider: the only values that may stand in a query. */
const SAFE_VALUE = /^[A-Za-z0-9_-]+$/;
/** The start of a key that is safe in every server's query language. */
const SAFE_START = /^[A-Za-z0-9/._-]*/;

/** `name IN (…)` of the values that may stand in a query; `undefined` when none of them may. */
export function oneOf({ name }: { name: string }, values: readonly string[]): string | undefined {
  const safe = [...new Set(values)].filter((value) => SAFE_VALUE.test(value));
  return safe.length > 0 ? `${name} IN (${safe.map((value) => `'${value}'`).join(', ')})` : undefined;
}

/**
 * The filter in Temporal's own language. It finds at least the runs that are wanted: a key can hold characters that break
 * a query, so only its safe start is used, and some servers compare without regard to case. The caller must look at each
 * run in the answer with {@link isWanted}.
 * @param branchTypes types of all branches that a run may have beside the wanted one.
 * @throws InvalidInput naming the field that no run can have.
 */
export function listQuery(filter: ListFilter, branchTypes: readonly string[] = []): string {
  const { provider, phase, outcome, branch, assetId, key = '', query, limit = 1 } = filter;
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidInput(`limit: must be a whole number from 1, not ${limit}`);
  const start = SAFE_START.exec(key)?.[0];
  const { provider: providerName, assetId: assetIdName, key: keyName } = SEARCH_ATTRIBUTES;
  const conditions = [
    LIFECYCLES_CONDITION,
    phase && conditionOfPhase(known('phase', phase, PHASES)),
    outcome && saidOrEnded(SEARCH_ATTRIBUTES.outcome, known('outcome', outcome, OUTCOMES)),
    branch && conditionOfBranch(safe('branch', branch), branchTypes),
    assetId !== undefined && `${assetIdName.name} = '${safe('assetId', assetId)}'`,
    provider !== undefined && orUnsaid(providerName, `${providerName.name} = '${safe('provider', provider)}'`),
    start && orUnsaid(keyName, `${keyName.name} STARTS_WITH '${start}'`),
    isAboutClosed(filter) && "ExecutionStatus != 'Running'", // some stores give a running one a time of close, far ahead
    ...conditionsOfTime(filter),
    query && `(${query})`,
  ];
  return conditions.filter(Boolean).join(' AND ');
}

/** True for a run that the filter means, of those that its query has found. */
export function isWanted(summary: LifecycleSummary, filter: ListFilter): boolean {
  const { provider, phase, outcome, branch, key = '' } = filter;
  return (
    (provider === undefined || summary.provider === provider) &&
    (phase === undefined || summary.phase === phase) &&
    (outcome === undefined || summary.outcome === outcome) &&
    (branch === undefined || summary.branch === branch || branchesInAttribute(summary.branch).includes(branch)) &&
    (summary.closedAt !== undefined || !isAboutClosed(filter)) &&
    summary.key.startsWith(key)
  );
}

const isAboutClosed = ({ closedAfter, closedBefore }: ListFilter): boolean =>
  closedAfter !== undefined || closedBefore !== undefined;

/** States in which Temporal itself closes a run that did not say its outcome. */
const ENDED_BY_TEMPORAL: Partial<Record<Outcome, readonly string[]>> = {
  failed: ['Failed', 'Terminated', 'TimedOut'],
  cancelled: ['Canceled'],
};

function saidOrEnded(attribute: { name: string }, outcome: Outcome): string {
  const said = `${attribute.name} = '${outcome}'`;
  const states = ENDED_BY_TEMPORAL[outcome];
  return states ? `(${said} OR ExecutionStatus IN (${states.map((state) => `'${state}'`).join(', ')}))` : said;
}

/** A run that was ended from outside keeps the phase that it said last. */
function conditionOfPhase(phase: Phase): string {
  const attribute = SEARCH_ATTRIBUTES.phase;
  if (isOutcome(phase)) return saidOrEnded(attribute, phase);
  const said = `${attribute.name} = '${phase}'`;
  return `ExecutionStatus = 'Running' AND ${phase === 'pending' ? orUnsaid(attribute, said) : said}`;
}

/** A raw start sets no search attributes, and a run that was refused never does. */
const orUnsaid = ({ name }: { name: string }, condition: string): string => `(${condition} OR ${name} IS NULL)`;

/** The types of a run's branches stand in one value, sorted: a wanted type that is not the first follows a smaller one. */
function conditionOfBranch(wanted: string, types: readonly string[]): string {
  const { name } = SEARCH_ATTRIBUTES.branch;
  const firsts = [...new Set([...types, wanted])].filter((type) => type <= wanted && SAFE_VALUE.test(type)).sort();
  return `(${[`${name} = '${wanted}'`, ...firsts.map((first) => `${name} STARTS_WITH '${first}+'`)].join(' OR ')})`;
}

/** Of the time that every store of Temporal can hold. */
const LATEST_TIME = Date.UTC(2200, 0);

function conditionsOfTime(filter: ListFilter): string[] {
  const bounds = [
    ['startedAfter', 'StartTime >='],
    ['startedBefore', 'StartTime <'],
    ['closedAfter', 'CloseTime >='],
    ['closedBefore', 'CloseTime <'],
  ] as const;
  return bounds.flatMap(([field, comparison]) => {
    const time = filter[field];
    if (time === undefined) return [];
    if (time.getTime() >= 0 && time.getTime() <= LATEST_TIME) return [`${comparison} '${time.toISOString()}'`];
    throw new InvalidInput(`${field}: must be a time from 1970 to 2199`);
  });
}

function known<T extends string>(field: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value;
  throw new InvalidInput(`${field}: must be one of ${values.join(', ')}, not "${value}"`);
}

function safe(field: string, value: string): string {
  if (SAFE_VALUE.test(value)) return value;
  throw new InvalidInput(`${field}: "${value}" is no value of it; it holds letters, digits, "_" and "-"`);
}
