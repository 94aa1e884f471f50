import path from 'node:path';
import type { LifecycleClient } from '../../client/lifecycle-client';
import type { LifecycleInput } from '../../providers/registry';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { last } from '../follow';

/** One lifecycle of the demo. `input` may wait for an earlier one's outcome. */
export interface DemoCase {
  title: string;
  input: (outcomes: ReadonlyMap<string, Promise<LifecycleStatus>>) => Promise<LifecycleInput>;
}

export interface DemoOutcome {
  title: string;
  key: string;
  workflowId: string;
  runId: string;
  status: LifecycleStatus;
}

/** The repository's own samples through every branch, by file and by URL. */
export function demoCases(at: {
  samples: string;
  filesUrl: string;
  collectionId: string;
  indexId: string;
}): DemoCase[] {
  const file = (name: string): LifecycleInput['source'] => ({ type: 'file', path: path.join(at.samples, name) });
  const simple = (title: string, input: LifecycleInput): DemoCase => ({ title, input: async () => input });
  const { collectionId, indexId } = at;
  return [
    simple('video file → embed', { key: 'demo/clip.mp4', source: file('clip.mp4'), branch: { type: 'embed' } }),
    simple('audio file → embed', { key: 'demo/melody.mp3', source: file('melody.mp3'), branch: { type: 'embed' } }),
    simple('image file → embed', {
      key: 'demo/portrait-3.jpg',
      source: file('portrait-3.jpg'),
      branch: { type: 'embed' },
    }),
    simple('image file → entity', {
      key: 'demo/portrait-1.jpg',
      source: file('portrait-1.jpg'),
      branch: { type: 'entity', collectionId, name: 'Ada' },
    }),
    {
      title: 'image file → same entity',
      input: async (outcomes) => ({
        key: 'demo/portrait-2.png',
        source: file('portrait-2.png'),
        branch: { type: 'entity', collectionId, entityId: (await outcomes.get('image file → entity'))?.branch?.id },
      }),
    },
    simple('video file → index', {
      key: 'demo/city.mp4',
      source: file('city.mp4'),
      branch: { type: 'index', indexId },
    }),
    simple('video file → embed and index', {
      key: 'demo/both/clip.mp4',
      source: file('clip.mp4'),
      branch: [{ type: 'embed' }, { type: 'index', indexId }],
    }),
    simple('video URL → embed', {
      key: 'demo/url/clip.mp4',
      source: { type: 'url', url: `${at.filesUrl}/clip.mp4` },
      branch: { type: 'embed', scopes: ['asset'] },
    }),
  ];
}

/** Starts a case and follows it; `show` hears every change. */
export async function runCase(
  client: LifecycleClient,
  { title, input }: DemoCase,
  outcomes: ReadonlyMap<string, Promise<LifecycleStatus>>,
  show: (status: LifecycleStatus) => void,
): Promise<DemoOutcome> {
  const { key, workflowId, runId } = await client.start(await input(outcomes));
  return { title, key, workflowId, runId, status: await last(client, key, show) };
}
