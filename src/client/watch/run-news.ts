import type { WorkflowService } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../contracts/ids';
import { PHASES, type Phase } from '../../contracts/lifecycle-status';

type HistoryPage = Awaited<ReturnType<WorkflowService['getWorkflowExecutionHistory']>>;
type HistoryEvent = NonNullable<NonNullable<HistoryPage['history']>['events']>[number];

/** State of a run, as far as a watch needs it. */
export interface RunNews {
  phase?: Phase;
  /** True if an upload may be under way. Its progress is in its heartbeat, not in the history. */
  uploading: boolean;
  /** The run has closed, however it ended. */
  closed: boolean;
}

/** State of a run before any event has been read. */
export const NO_NEWS: RunNews = { uploading: false, closed: false };

/** State after these events. The phase is read from the search attributes, so no worker is queried. */
export const newsAfter = (before: RunNews, events: readonly HistoryEvent[]): RunNews =>
  events.reduce(afterEvent, before);

export const isSameNews = (a: RunNews, b: RunNews): boolean =>
  a.phase === b.phase && a.uploading === b.uploading && a.closed === b.closed;

function afterEvent(news: RunNews, event: HistoryEvent): RunNews {
  if (CLOSE_EVENTS.some((attributes) => event[attributes])) return { ...news, uploading: false, closed: true };
  const attributes =
    event.workflowExecutionStartedEventAttributes?.searchAttributes ??
    event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes;
  if (attributes) return withPhase(news, phaseOf(attributes.indexedFields));
  const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name;
  return scheduled === SUBMIT ? { ...news, uploading: true } : news;
}

const SUBMIT = 'submitSource';

/** State after a change of phase. The upload ends with the phase `creating`. */
const withPhase = (news: RunNews, phase: Phase | undefined): RunNews =>
  phase === undefined ? news : { ...news, phase, uploading: news.uploading && phase === 'creating' };

/** Search attributes are never encrypted, so the default converter reads them behind any codec. */
function phaseOf(fields: Record<string, Payload> | null | undefined): Phase | undefined {
  const payload = fields?.[SEARCH_ATTRIBUTES.phase.name];
  const said: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return PHASES.find((phase) => phase === said);
}

const CLOSE_EVENTS = [
  'workflowExecutionCompletedEventAttributes',
  'workflowExecutionFailedEventAttributes',
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
  'workflowExecutionContinuedAsNewEventAttributes',
] as const satisfies readonly (keyof HistoryEvent)[];
