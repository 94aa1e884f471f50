import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { msToTs } from '@temporalio/common/lib/time';
import { createLocalActivities } from '../../../src/activities/create-activities';
import { createFindSourceQueue, queueOfFile } from '../../../src/activities/find-source-queue';
import type { SourceQueues } from '../../../src/activities/source-queues';
import { cachingAnswers, rootsAbove, sourceQueues, wasPolled } from '../../../src/temporal/source-queues';
import { loadConfig } from '../../../src/config';
import { ConfigError } from '../../../src/config-error';
import { failure } from '../../../src/contracts/failures';
import { fileTaskQueue, lifecycleWorkflowId, rootTaskQueue } from '../../../src/contracts/ids';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const NOW = 1_800_000_000_000;
const at = (ms: number) => msToTs(ms);
type Client = Parameters<typeof sourceQueues>[0];

/** A server where somebody polls these queues; it keeps what it was asked. */
function server(polled: string[]) {
  const asked: string[] = [];
  const describeTaskQueue = async ({ taskQueue }: { taskQueue: { name: string } }) => {
    asked.push(taskQueue.name);
    return { pollers: polled.includes(taskQueue.name) ? [{ lastAccessTime: at(Date.now()) }] : [] };
  };
  const client = {
    options: { namespace: 'default' },
    workflowService: { describeTaskQueue },
    withDeadline: (_deadline: number, ask: () => unknown) => ask(),
  };
  return { asked, queues: sourceQueues(client as unknown as Client) };
}

/** Somebody serves these folders. */
const serving = (...folders: string[]): SourceQueues => ({
  async find(_provider, file) {
    const root = folders.find((folder) => path.dirname(file) === folder);
    return root && fileTaskQueue('twelvelabs', root);
  },
});

test('a folder has a queue of its own, named by it, and relative paths have one for all', () => {
  expect(fileTaskQueue('twelvelabs', '/media')).toBe('asset-lifecycle-twelvelabs-files:/media');
  expect(fileTaskQueue('twelvelabs')).toBe('asset-lifecycle-twelvelabs-files');
  expect(rootTaskQueue('twelvelabs', '/media')).toBe('asset-lifecycle-twelvelabs-roots:/media');
});

test('the folders above a file are named from the inside out, without dots', () => {
  expect(rootsAbove('/media/movies/a.mp4')).toEqual(['/media/movies', '/media', '/']);
  expect(rootsAbove('/media/./movies/../b//a.mp4')).toEqual(['/media/b', '/media', '/']);
  expect(rootsAbove('/a.mp4')).toEqual(['/']);
});

test('however deep a path is, no more than 32 folders are looked at', () => {
  const folders = rootsAbove(`${'/deep'.repeat(800)}/a.mp4`);
  expect(folders).toHaveLength(32);
  expect(folders.at(-1)).toBe('/');
});

test.each([
  ['nobody ever', { pollers: [] }, false],
  ['somebody just now', { pollers: [{ lastAccessTime: at(NOW) }] }, true],
  ['somebody within a long poll', { pollers: [{ lastAccessTime: at(NOW - 70_000) }] }, true],
  ['somebody long ago', { pollers: [{ lastAccessTime: at(NOW - 240_000) }] }, false],
  ['one of two just now', { pollers: [{ lastAccessTime: at(NOW - 240_000) }, { lastAccessTime: at(NOW - 10) }] }, true],
  ['somebody at no time', { pollers: [{ lastAccessTime: null }] }, false],
])('a queue that %s polled is served or not', (_who, answer, expected) => {
  expect(wasPolled(answer as Parameters<typeof wasPolled>[0], NOW)).toBe(expected);
});

describe('the look', () => {
  const queue = (root?: string) => rootTaskQueue('twelvelabs', root);

  test('takes the innermost folder that is served', async () => {
    const { queues } = server([queue('/'), queue('/media'), queue('/media/b')]);
    expect(await queues.find('twelvelabs', '/media/a/x.mp4')).toBe(fileTaskQueue('twelvelabs', '/media'));
    expect(await queues.find('twelvelabs', '/media/b/x.mp4')).toBe(fileTaskQueue('twelvelabs', '/media/b'));
  });

  test('finds nothing where nobody serves a folder above the file', async () => {
    const { queues } = server([queue('/media'), queue()]);
    expect(await queues.find('twelvelabs', '/mediathek/x.mp4')).toBeUndefined();
  });

  test('of a relative path asks who serves any folder', async () => {
    expect(await server([queue()]).queues.find('twelvelabs', 'a/x.mp4')).toBe(fileTaskQueue('twelvelabs'));
    expect(await server([queue('/media')]).queues.find('twelvelabs', 'a/x.mp4')).toBeUndefined();
  });

  test('asks the server once for many files of a folder', async () => {
    const { queues, asked } = server([queue('/media')]);
    await Promise.all(Array.from({ length: 50 }, (_, file) => queues.find('twelvelabs', `/media/${file}.mp4`)));
    expect(asked.toSorted()).toEqual([queue('/'), queue('/media')]);
  });

  test('does not ask for names that the server would refuse', async () => {
    const { queues, asked } = server([]);
    await queues.find('twelvelabs', `/media/${'ä'.repeat(600)}/x.mp4`);
    expect(asked.toSorted()).toEqual([queue('/'), queue('/media')]);
  });

  test('is handed back when the worker stops', async () => {
    const { queues } = server([queue('/media')]);
    queues.handBack();
    await expect(queues.find('twelvelabs', '/media/x.mp4')).rejects.toMatchObject({ type: 'WorkerStopping' });
  });

  test('does not keep an error', async () => {
    let asked = 0;
    const isServed = cachingAnswers(async () => {
      asked += 1;
      if (asked === 1) throw new Error('unavailable');
      return true;
    });
    await expect(isServed('q')).rejects.toThrow('unavailable');
    expect(await isServed('q')).toBe(true);
  });
});

test('a topmost folder that is a symlink counts as what it is', async () => {
  const real = await realpath('/bin'); // /usr/bin on most Linux systems
  expect(await queueOfFile(serving(real), 'twelvelabs', '/bin/x.mp4')).toBe(fileTaskQueue('twelvelabs', real));
});

test('no other symlink of a path is followed before somebody serves it', async () => {
  const base = await mkdtemp(path.join(tmpdir(), 'source-queues-'));
  try {
    await mkdir(path.join(base, 'real'));
    await symlink(path.join(base, 'real'), path.join(base, 'link'));
    const real = await realpath(path.join(base, 'real'));
    expect(await queueOfFile(serving(real), 'twelvelabs', path.join(base, 'link/x.mp4'))).toBeUndefined();
  } finally {
    await rm(base, { recursive: true });
  }
});

describe('the accepted input', () => {
  const file = { source: { type: 'file', path: '/media/x.mp4' } };
  const accepting = (sourceQueues: SourceQueues, input: unknown) =>
    createLocalActivities({ owner: OWNER, sourceQueues }).acceptInput(input, lifecycleWorkflowId('twelvelabs', 'k'));

  test('of a file names the queue of its folder, and none while nobody serves it', async () => {
    const accepted = await accepting(serving('/media'), file);
    expect(accepted.sourceQueue).toBe(fileTaskQueue('twelvelabs', '/media'));
    expect((await accepting(serving(), file)).sourceQueue).toBeUndefined();
  });

  test('is accepted also while nobody can tell who serves what', async () => {
    const find = async (): Promise<never> => {
      throw new Error('unavailable');
    };
    expect((await accepting({ find }, file)).sourceQueue).toBeUndefined();
  });

  test('of any other source names no queue', async () => {
    const source = { type: 'url', url: 'https://example.com/x.mp4' };
    expect((await accepting(serving(), { source })).sourceQueue).toBeUndefined();
  });
});

describe('the wait for somebody who serves the file', () => {
  const waiting = (find: SourceQueues['find'], sourceDeadlineMs: number) => {
    const deps = dependencies({ provider: new MemoryProvider(), sourceQueues: { find }, sourceDeadlineMs });
    const env = activityEnvironment();
    const input = { provider: 'twelvelabs', path: 'x.mp4' } as const;
    return { env, ends: env.run(() => createFindSourceQueue(deps)(input)) as Promise<string> };
  };

  test('ends as soon as there is one', async () => {
    let looks = 0;
    const { ends } = waiting(async () => (++looks < 2 ? undefined : 'the-queue'), 60_000);
    expect(await ends).toBe('the-queue');
  });

  test('fails for good at the deadline, and says what to do', async () => {
    await expect(waiting(async () => undefined, 1000).ends).rejects.toMatchObject({
      type: 'InvalidRequest',
      nonRetryable: true,
      message:
        'source.path: x.mp4: no worker serves a folder that holds it (waited 1 s); start a worker with that folder ' +
        'in its ASSET_LIFECYCLE_SOURCE_ROOTS, or put the file below a folder that is served (symlinks on the way to it ' +
        'are not followed)',
    });
  });

  test('ends at once when it is cancelled', async () => {
    const { env, ends } = waiting(async () => {
      setImmediate(() => env.cancel('CANCELLED'));
      return undefined;
    }, 3_600_000);
    await expect(ends).rejects.toMatchObject({ name: 'CancelledFailure' });
  });

  test('goes to another worker when this one stops', async () => {
    const { ends } = waiting(async () => {
      throw failure('WorkerStopping', 'stopping');
    }, 60_000);
    await expect(ends).rejects.toMatchObject({ type: 'WorkerStopping', nonRetryable: false });
  });
});

test('the deadline of sources is a duration of at most a day', () => {
  const deadline = (text: string) => loadConfig({ ASSET_LIFECYCLE_SOURCE_DEADLINE: text }).sourceDeadlineMs;
  expect(deadline('')).toBe(30_000);
  expect(deadline('2m')).toBe(120_000);
  expect(() => deadline('2d')).toThrow(ConfigError);
  expect(loadConfig({}).slots.uploads).toBe(10);
});
