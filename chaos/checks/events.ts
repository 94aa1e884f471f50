import type { History } from '@temporalio/common/lib/proto-utils';
import type { StopKind } from '../schedules/strikes';
import type { AskedStop } from './evidence';

export type Event = NonNullable<History['events']>[number];

/** Epoch milliseconds. */
export const timeOf = ({ eventTime }: Event): number =>
  Number(eventTime?.seconds ?? 0) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6;

/** When a worker was given an event, which takes its time on a loaded machine; `undefined` if none was. */
export function givenAt(event: Event, events: readonly Event[]): number | undefined {
  const task = events.slice(events.indexOf(event)).find((one) => one.workflowTaskStartedEventAttributes);
  return task && timeOf(task);
}

const IS_HEARD: Record<StopKind, (event: Event) => boolean> = {
  cancel: (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'cancel',
  'force-delete': (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'forceDelete',
  'native-cancel': (event) => Boolean(event.workflowExecutionCancelRequestedEventAttributes),
  terminate: (event) => Boolean(event.workflowExecutionTerminatedEventAttributes),
};

/** The server takes a cancel for a closed run without a word; what the run's history holds was heard in time. */
export function heardOf(stops: AskedStop[], { events }: History): AskedStop[] {
  return stops.map((stop) => {
    const heard = events?.find(IS_HEARD[stop.what]);
    return { ...stop, accepted: heard !== undefined, heardAt: heard && givenAt(heard, events ?? []) };
  });
}

/** Since when nothing new may be written. */
export const toldAt = ({ at, heardAt = at }: AskedStop): number => Math.max(at, heardAt);
