import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BatchStatus } from '../../../contracts/batch/batch-status';
import type { GroupEnd } from '../../../contracts/batch/groups';
import {
  CANCEL_ITEM_SIGNAL,
  FORCE_DELETE_ITEM_SIGNAL,
  GROUP_ENDED_SIGNAL,
  GROUP_PROGRESS_SIGNAL,
  PAUSE_SIGNAL,
  RESUME_SIGNAL,
  SET_IN_FLIGHT_UPDATE,
  STATUS_QUERY,
} from '../../../contracts/ids';

export const groupEndedSignal = defineSignal<[GroupEnd]>(GROUP_ENDED_SIGNAL);
export const groupProgressSignal = defineSignal<[GroupEnd]>(GROUP_PROGRESS_SIGNAL);
export const cancelItemSignal = defineSignal<[unknown?]>(CANCEL_ITEM_SIGNAL);
export const forceDeleteItemSignal = defineSignal<[unknown?]>(FORCE_DELETE_ITEM_SIGNAL);
export const pauseSignal = defineSignal<[unknown?]>(PAUSE_SIGNAL);
export const resumeSignal = defineSignal<[unknown?]>(RESUME_SIGNAL);
export const setInFlightUpdate = defineUpdate<number, [number]>(SET_IN_FLIGHT_UPDATE);
export const batchStatusQuery = defineQuery<BatchStatus>(STATUS_QUERY);
export const groupStatusQuery = defineQuery<GroupEnd>(STATUS_QUERY);
