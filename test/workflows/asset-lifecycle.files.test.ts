import { Context } from '@temporalio/activity';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { type ApplicationFailure } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import { createFindSourceQueue } from '../../src/activities/find-source-queue';
import type { SourceQueues } from '../../src/activities/source-queues';
import type { Activities } from '../../src/contracts/activities';
import { failure } from '../../src/contracts/failures';
import { fileTaskQueue, objectTaskQueue } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { dependencies } from '../support/activity-dependencies';
import { fakeActivities } from '../support/fake-activities';
import { MemoryProvider } from '../support/memory-provider';
import { LifecycleEnvironment, waitFor } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
const source = { type: 'file', path: '/media/clip.mp4' };
const filename = 'clip.mp4';
const FILES = fileTaskQueue('twelvelabs', '/media');

const failureOf = async (handle: WorkflowHandle): Promise<unknown> =>
  handle.result().then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause,
  );

/** The real wait, over these queues. */
const waitOver = (sourceQueues: SourceQueues, sourceDeadlineMs: number): Pick<Activities, 'findSourceQueue'> => ({
  findSourceQueue: createFindSourceQueue(
    dependencies({ provider: new MemoryProvider(), sourceQueues, sourceDeadlineMs }),
  ),
});

const nobody: SourceQueues = { find: async () => undefined };
const somebody: SourceQueues = { find: async () => FILES };

let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

test('a file whose folder is served is uploaded from that folder’s queue, and costs no event more', async () => {
  const { activities: others, calls: onCallQueue } = fakeActivities();
  const { activities: files, calls: onFileQueue } = fakeActivities();
  await lifecycles.withFiles(FILES, files, async () => {
    const events = async (queues?: SourceQueues): Promise<number> =>
      lifecycles.with(
        others,
        async () => {
          const handle = await lifecycles.start({ source });
          expect(await handle.result()).toMatchObject({ outcome: 'completed' });
          return (await handle.fetchHistory()).events?.length ?? 0;
        },
        queues,
      );
    const served = await events(somebody);
    expect(onCallQueue).not.toContain('submitSource');
    expect(onFileQueue).toEqual(['submitSource']);
    expect(served).toBe(await events());
  });
});

test('a URL is submitted from the call queue', async () => {
  const { activities, calls } = fakeActivities();
  await lifecycles.with(
    activities,
    async () => {
      const handle = await lifecycles.start({ source: { type: 'url', url: 'https://example.com/a.mp4' } });
      expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    },
    somebody,
  );
  expect(calls).toContain('submitSource');
});

test('an S3 object, which may stream for hours, is submitted from a queue of its own and leaves the calls their slots', async () => {
  const { activities: others, calls: onCallQueue } = fakeActivities();
  const { activities: objects, calls: onObjectQueue } = fakeActivities();
  const object = { type: 's3', bucket: 'media', key: 'clip.mp4' };
  const use = async (): Promise<void> => {
    const handle = await lifecycles.start({ source: object });
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  };
  await lifecycles.withFiles(objectTaskQueue('twelvelabs'), objects, () => lifecycles.with(others, use));
  expect(onObjectQueue).toEqual(['submitSource']);
  expect(onCallQueue).not.toContain('submitSource');
});

test('a file that nobody serves yet is uploaded as soon as somebody does', async () => {
  let served = false;
  let looks = 0;
  const later: SourceQueues = {
    find: async () => {
      looks += 1;
      return served ? FILES : undefined;
    },
  };
  const { activities } = fakeActivities(waitOver(later, 60_000));
  const { activities: files, calls: onFileQueue } = fakeActivities();
  await lifecycles.with(
    activities,
    async () => {
      const handle = await lifecycles.start({ source });
      await waitFor(() => looks >= 2); // when the input was accepted, and in the wait
      await lifecycles.withFiles(FILES, files, async () => {
        served = true;
        expect(await handle.result()).toMatchObject({ outcome: 'completed' });
      });
    },
    later,
  );
  expect(onFileQueue).toEqual(['submitSource']);
});

test('a file that nobody serves by the deadline fails as InvalidRequest, with nothing sent', async () => {
  const { activities, calls } = fakeActivities(waitOver(nobody, 1000));
  await lifecycles.with(
    activities,
    async () => {
      const error = (await failureOf(await lifecycles.start({ source }))) as ApplicationFailure;
      expect(error.type).toBe('InvalidRequest');
      expect(error.message).toMatch(
        /^source\.path: \/media\/clip\.mp4: no worker serves a folder that holds it \(waited 1 s\); start a worker/,
      );
      expect(error.details?.[0]).toMatchObject({ outcome: 'failed', receipt: { entries: [] } });
    },
    nobody,
  );
  expect(calls).toEqual(['findSourceQueue']);
});

test('a cancel ends the wait for somebody who serves the file at once, with nothing made', async () => {
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const deaf = async (): Promise<string> => {
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(), 50); // lives, but does not listen
    await ended.finally(() => clearInterval(timer));
    return FILES;
  };
  const { activities, calls } = fakeActivities({ findSourceQueue: deaf });
  const status = await lifecycles.with(
    activities,
    async () => {
      const handle = await lifecycles.start({ source });
      await waitFor(() => calls.includes('findSourceQueue'));
      await handle.signal('cancel');
      return handle.result().finally(end);
    },
    nobody,
  );
  expect(status).toMatchObject({ outcome: 'cancelled', receipt: { entries: [] } });
  expect(calls).toEqual(['findSourceQueue']);
});

test('a cancel while an upload waits for a free worker ends it, and looks for what it may have made', async () => {
  const { activities, calls } = fakeActivities();
  const status = await lifecycles.with(
    activities,
    async () => {
      const handle = await lifecycles.start({ source, filename });
      for (;;) {
        const { raw } = await handle.describe();
        if (raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'submitSource')) break;
      }
      await handle.signal('cancel');
      return (await handle.result()) as LifecycleStatus;
    },
    somebody,
  );
  expect(status.outcome).toBe('cancelled');
  expect(calls).toEqual(['removeResources asset']);
});

describe('an upload that nobody takes for an hour', () => {
  /** Lets the hour pass for the upload that waits in the queue. */
  async function passTheHour(handle: WorkflowHandle): Promise<void> {
    for (;;) {
      const { raw } = await handle.describe();
      const waiting = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'submitSource');
      if (!waiting) continue;
      expect(Number(waiting.activityOptions?.scheduleToStartTimeout?.seconds)).toBe(3600);
      const { client } = lifecycles.env;
      await client.workflowService.updateActivityOptions({
        namespace: client.options.namespace,
        execution: { workflowId: handle.workflowId },
        id: waiting.activityId,
        activityOptions: { scheduleToStartTimeout: msToTs('1s') },
        updateMask: { paths: ['schedule_to_start_timeout'] },
      });
      return;
    }
  }

  test('goes to whoever serves the file by then', async () => {
    const moved = fileTaskQueue('twelvelabs', '/');
    const { activities: files, calls: onFileQueue } = fakeActivities();
    const { activities } = fakeActivities({ findSourceQueue: async () => moved });
    const use = async (): Promise<void> => {
      const handle = await lifecycles.start({ source });
      await passTheHour(handle);
      expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    };
    await lifecycles.withFiles(moved, files, () => lifecycles.with(activities, use, somebody));
    expect(onFileQueue).toEqual(['submitSource']);
  });

  const upload = { sessionId: 'session-1', assetId: 'asset-1' };
  /** Opens a session, and fails; then its worker is gone. */
  async function beginUpload(onFileQueue: string[]): Promise<void> {
    const { activities: files } = fakeActivities({
      async submitSource() {
        Context.current().heartbeat({ attempt: Context.current().info.attempt, upload });
        onFileQueue.push('began');
        throw failure('ProviderUnavailable', 'a fake outage', { retryAfter: '1s' });
      },
    });
    await lifecycles.withFiles(FILES, files, () => waitFor(() => onFileQueue.length > 0));
  }

  test('goes on with the session of the activity before', async () => {
    const moved = fileTaskQueue('twelvelabs', '/');
    const resumed: unknown[] = [];
    const { activities: files } = fakeActivities({
      async submitSource({ resume }) {
        resumed.push(resume);
        return { id: 'asset-1', status: 'processing' };
      },
    });
    const { activities } = fakeActivities({ findSourceQueue: async () => moved });
    const use = async (): Promise<void> => {
      const handle = await lifecycles.start({ source });
      await beginUpload([]);
      await passTheHour(handle);
      await lifecycles.withFiles(moved, files, () => handle.result());
    };
    await lifecycles.with(activities, use, somebody);
    expect(resumed).toMatchObject([{ upload }]);
  });

  test('ends the session of the activity before when nobody serves the file any more', async () => {
    const removed: unknown[] = [];
    const { activities } = fakeActivities({
      ...waitOver(nobody, 1),
      async removeResources({ resources }) {
        removed.push(...resources);
        return [];
      },
    });
    const use = async (): Promise<void> => {
      const handle = await lifecycles.start({ source, cleanup: { onFailure: 'delete' } });
      await beginUpload([]);
      await passTheHour(handle);
      await failureOf(handle);
    };
    await lifecycles.with(activities, use, somebody);
    expect(removed).toMatchObject([{ kind: 'asset', id: 'asset-1', session: { id: 'session-1' } }]);
  });

  test('fails when nobody serves the file any more, and looks for what earlier attempts made', async () => {
    const { activities, calls } = fakeActivities(waitOver(nobody, 1));
    const use = async (): Promise<void> => {
      const handle = await lifecycles.start({ source, cleanup: { onFailure: 'delete' } });
      await passTheHour(handle);
      const error = (await failureOf(handle)) as ApplicationFailure;
      expect(error.type).toBe('InvalidRequest');
      expect(error.message).toContain('no worker serves a folder that holds it');
    };
    await lifecycles.with(activities, use, somebody);
    expect(calls).toEqual(['findSourceQueue', 'removeResources asset']);
  });
});
