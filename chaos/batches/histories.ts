import type { Client } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils';
import {
  ASSET_GROUP,
  CANCEL_ITEM_SIGNAL,
  CANCEL_SIGNAL,
  FORCE_DELETE_ITEM_SIGNAL,
  FORCE_DELETE_SIGNAL,
  PAUSE_SIGNAL,
  RESUME_SIGNAL,
} from '../../src/contracts/ids';
import { givenAt, timeOf, type Event } from '../checks/events';
import { readableText } from '../checks/secrets';
import type { BatchRunFacts, GroupFacts, ItemStop, RunFacts } from './evidence';

export interface ReadRun<F> {
  facts: F;
  text: string;
}

/** All runs of a start of a batch, from the first on. */
export async function readBatchRuns(
  temporal: Client,
  workflowId: string,
  first: string,
): Promise<ReadRun<BatchRunFacts>[]> {
  const runs: ReadRun<BatchRunFacts>[] = [];
  for (let runId: string | undefined = first; runId;) {
    const history: History = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    const events = history.events ?? [];
    const facts = {
      ...(await factsOf(temporal, { workflowId, runId }, events)),
      started: groupsStartedIn(events),
      toldTooLate: toldTooLateIn(events),
    };
    runs.push({ facts, text: readableText(history) });
    runId = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return runs;
}

export async function readGroup(temporal: Client, workflowId: string, runId: string): Promise<ReadRun<GroupFacts>> {
  const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  const [began, ...events] = history.events ?? [];
  const { from, end } = inputOf<{ from: number; end: number }>(began?.workflowExecutionStartedEventAttributes);
  const common = await factsOf(temporal, { workflowId, runId }, history.events ?? []);
  const facts = { ...common, from, end, itemStops: itemStopsIn(events) };
  return { facts, text: readableText([began, ...events]) };
}

/** When an activity of that type completed first; undefined if none did. Epoch milliseconds. */
export async function completedAt(
  temporal: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
  activityType: string,
): Promise<number | undefined> {
  const { events = [] } = (await temporal.workflow.getHandle(workflowId, runId).fetchHistory()) as History;
  const asked = new Set(
    (events ?? []).flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === activityType ? [String(eventId)] : [],
    ),
  );
  const completed = events?.find(({ activityTaskCompletedEventAttributes: one }) =>
    asked.has(String(one?.scheduledEventId)),
  );
  return completed && timeOf(completed);
}

async function factsOf(
  temporal: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
  events: readonly Event[],
): Promise<RunFacts> {
  const { status, startTime, closeTime } = await temporal.workflow.getHandle(workflowId, runId).describe();
  const stopped = events.find(isStop);
  return {
    workflowId,
    runId,
    closedAs: status.name,
    startedAt: startTime.getTime(),
    closedAt: closeTime?.getTime(),
    events: events.length,
    longestEvent: Math.max(...events.map((event) => readableText(event).length)),
    stoppedAt: stopped && timeOf(stopped),
    stopHeardAt: stopped && givenAt(stopped, events),
    heard: events.flatMap((event) => heardIn(event) ?? []),
    lostTask: events.some(({ workflowTaskTimedOutEventAttributes }) => workflowTaskTimedOutEventAttributes),
  };
}

/** Name of the signal, if the event is one; or of Temporal's own cancellation. */
const heardIn = (event: Event): string | undefined =>
  event.workflowExecutionCancelRequestedEventAttributes
    ? 'native-cancel'
    : (event.workflowExecutionSignaledEventAttributes?.signalName ?? undefined);

const isStop = (event: Event): boolean =>
  [CANCEL_SIGNAL, FORCE_DELETE_SIGNAL, 'native-cancel'].includes(heardIn(event) ?? '');

/** By the order of the events alone. */
function groupsStartedIn(events: readonly Event[]): BatchRunFacts['started'] {
  const started: BatchRunFacts['started'] = [];
  const asked = new Map<string, BatchRunFacts['started'][number]['untimely']>(); // by the event that asked for it
  let untimely: 'paused' | 'stopped' | undefined;
  for (const event of events) {
    const heard = heardIn(event);
    if (isStop(event)) untimely = 'stopped';
    else if (heard === PAUSE_SIGNAL) untimely ??= 'paused';
    else if (heard === RESUME_SIGNAL && untimely === 'paused') untimely = undefined;
    const asks = event.startChildWorkflowExecutionInitiatedEventAttributes;
    if (asks?.workflowType?.name === ASSET_GROUP) asked.set(String(event.eventId), untimely);
    const child = event.childWorkflowExecutionStartedEventAttributes;
    const { workflowId, runId } = child?.workflowExecution ?? {};
    if (!workflowId || !runId) continue;
    started.push({ workflowId, runId, at: timeOf(event), untimely: asked.get(String(child?.initiatedEventId)) });
  }
  return started;
}

const toldTooLateIn = (events: readonly Event[]): string[] =>
  events.flatMap(
    ({ signalExternalWorkflowExecutionFailedEventAttributes: failed }) => failed?.workflowExecution?.workflowId ?? [],
  );

/** Signals for single items, each with the step that followed. */
function itemStopsIn(events: readonly Event[]): ItemStop[] {
  return events.flatMap((event, nth) => {
    const signal = event.workflowExecutionSignaledEventAttributes;
    const outcome = OUTCOME_OF[signal?.signalName ?? ''];
    if (!outcome) return [];
    const { item } = inputOf<{ item: number }>(signal);
    const step = events.slice(nth).find(({ activityTaskScheduledEventAttributes: asked }) => {
      const isStopOfItems = asked?.activityType?.name === 'stopItems';
      return isStopOfItems && inputOf<{ items?: number[] }>(asked).items?.includes(item);
    });
    const started = events.find(
      ({ activityTaskStartedEventAttributes: one }) =>
        step !== undefined && String(one?.scheduledEventId) === String(step.eventId),
    );
    return [{ item, outcome, at: timeOf(event), steppedAt: started && timeOf(started) }];
  });
}

const OUTCOME_OF: Readonly<Record<string, ItemStop['outcome']>> = {
  [CANCEL_ITEM_SIGNAL]: 'cancelled',
  [FORCE_DELETE_ITEM_SIGNAL]: 'deleted',
};

interface WithInput {
  input?: { payloads?: { data?: Uint8Array | null }[] | null } | null;
}

function inputOf<T>(attributes: WithInput | null | undefined): T {
  const [payload] = attributes?.input?.payloads ?? [];
  return JSON.parse(Buffer.from(payload?.data ?? '{}').toString()) as T;
}
