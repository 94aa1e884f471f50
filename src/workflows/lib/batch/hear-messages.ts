import { setHandler } from '@temporalio/workflow';
import type { GroupEnd } from '../../../contracts/batch/groups';
import { failure } from '../../../contracts/failures';
import type { BatchProgress } from './batch-progress';
import type { HowHeard } from './group-looks';
import {
  batchStatusQuery,
  groupEndedSignal,
  groupProgressSignal,
  pauseSignal,
  resumeSignal,
  setInFlightUpdate,
} from './messages';

const MOST_IN_FLIGHT = 50_000;

/** @param set takes how many items may be under way at once */
export function hearInFlight(set: (inFlight: number) => void): void {
  const take = (inFlight: number): number => {
    set(inFlight);
    return inFlight;
  };
  setHandler(setInFlightUpdate, take, {
    description: 'Sets how many items may be under way at once.',
    validator: (inFlight) => {
      if (Number.isInteger(inFlight) && inFlight >= 1 && inFlight <= MOST_IN_FLIGHT) return;
      throw failure('InvalidRequest', `inFlight: must be a whole number from 1 to ${MOST_IN_FLIGHT}`);
    },
  });
}

/** Answers what a batch is asked and told, but for its stop. @param hear takes news of its groups */
export function hearMessages(progress: BatchProgress, hear: (news: GroupEnd, how: HowHeard) => void): void {
  const { status } = progress;
  setHandler(batchStatusQuery, () => status, { description: 'Counts, rate, newest failures, where the report is.' });
  setHandler(groupProgressSignal, (news) => hear(news, { hasEnded: false }), { description: 'Sent by groups.' });
  setHandler(groupEndedSignal, (end) => hear(end, { hasEnded: true }), { description: 'Sent by its groups.' });
  setHandler(pauseSignal, () => progress.notePause(true), {
    description: 'Lets what is under way end, and starts nothing.',
  });
  setHandler(resumeSignal, () => progress.notePause(false), { description: 'Goes on after a pause.' });
  hearInFlight((inFlight) => {
    status.inFlight = inFlight;
    progress.show();
  });
}
