import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { EmulatorControl } from '../emulator/twelvelabs/control-client';
import type { LifecycleClient } from '../src/client/lifecycle-client';
import { textsBelow } from './checks/aftermath';
import type { RunEvidence, Swept } from './checks/evidence';
import { readableText } from './checks/secrets';
import { heardOf } from './checks/events';
import type { Scene } from './scene';
import { phasesOf } from './schedules/phases';
import type { Schedule } from './schedules/schedule';
import { isAround } from './schedules/situations';
import type { Moment, Striker } from './strikers/striker';
import type { LaneWorker } from './worker/lane-worker';

/** A lifecycle that takes longer counts as never ending. */
const BOUND_MS = 180_000;
/** Of a slow provider, before an effect and after it: no more than a request may take. */
const SLOW_MS = 600;
/** Longest time that one call waits for others. A longer wait would time out, and its effect would come too late. */
const MOST_HELD_MS = 1200;

/** What a run is made with. */
export interface Ground {
  client: LifecycleClient;
  temporal: Client;
  control: EmulatorControl;
  striker: Striker;
  worker: LaneWorker;
  resultsFolder: string;
  /** A sweep that finds everything old enough. */
  sweep(): Promise<Swept>;
}

/** Runs a lifecycle of the scene to its end while the schedule happens to it. */
export async function runOfKey(
  ground: Ground,
  scene: Scene,
  schedule: Schedule,
  start: () => Promise<string>,
): Promise<Omit<RunEvidence, 'twin' | 'had'>> {
  const { client, temporal, control, striker, worker } = ground;
  const { key, workflowId } = scene;
  const handle = temporal.workflow.getHandle(workflowId);
  const heartbeats: string[] = [];
  let openSweep: Promise<NonNullable<RunEvidence['openSweep']>> | undefined;
  const lookAtHeartbeats = async (): Promise<void> => {
    const { raw } = await handle.describe();
    heartbeats.push(readableText(raw.pendingActivities?.map(({ heartbeatDetails }) => heartbeatDetails)));
  };
  const sweepWhileOpen = async (): Promise<NonNullable<RunEvidence['openSweep']>> => {
    const swept = await ground.sweep();
    return { ...swept, stillOpen: (await handle.describe()).status.name === 'RUNNING' };
  };
  const swept = sweptAt(schedule);
  striker.arm(schedule, {
    lookAtHeartbeats,
    kill: async () => {
      await lookAtHeartbeats();
      await worker.kill();
    },
    restart: () => worker.restart(),
    stop: (what, cleanup) => stopRun(temporal, workflowId, what, cleanup),
    moment: async (moment: Moment) => {
      if (moment === swept && !openSweep) {
        openSweep = striker.aside(sweepWhileOpen);
        await Promise.race([openSweep, delay(MOST_HELD_MS)]);
      }
      await scene.othersAct(moment);
    },
  });
  const slow = isAround(schedule, 'slow-provider');
  await control.setPace(slow ? { beforeEffectMs: SLOW_MS, afterEffectMs: SLOW_MS } : {});
  const runId = await start();
  const status = await Promise.race([client.result(key), delay(BOUND_MS, undefined, { ref: false })]);
  await striker.disarm();
  await control.setPace({});
  await worker.settled();

  const run = temporal.workflow.getHandle(workflowId, runId);
  const history = await run.fetchHistory();
  return {
    schedule,
    key,
    runId,
    status: status ?? undefined,
    closedAs: (await run.describe()).status.name,
    beforeSweep: await control.state(),
    calls: striker.calls,
    struck: striker.struck,
    marksRefused: striker.marksRefused,
    marksAside: striker.marksAside,
    openSweep: await openSweep,
    phases: phasesOf(history),
    events: history.events?.length ?? 0,
    stops: heardOf(striker.stops, history),
    before: { ...scene.before },
    texts: {
      history: readableText(history),
      log: worker.log,
      heartbeats: heartbeats.join('\n'),
      results: await textsBelow(ground.resultsFolder),
    },
  };
}

function sweptAt(schedule: Schedule): Moment | undefined {
  if (schedule.shape === 'old-tags') return 'processing';
  return isAround(schedule, 'sweep-meanwhile') ? 'branching' : undefined;
}

/** @returns false when it had closed already */
export async function stopRun(temporal: Client, workflowId: string, what: string, cleanup?: string): Promise<boolean> {
  const handle = temporal.workflow.getHandle(workflowId);
  try {
    if (what === 'terminate') await handle.terminate('by the schedule');
    else if (what === 'native-cancel') await handle.cancel();
    else if (what === 'cancel') await handle.signal('cancel', { cleanup });
    else await handle.signal('forceDelete');
    return true;
  } catch {
    return false;
  }
}
