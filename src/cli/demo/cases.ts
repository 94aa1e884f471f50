import path from 'node:path';
import type { TemporalAccess } from '../../client/lifecycle-calls';
import { LifecycleClient } from '../../client/lifecycle-client';
import type { ProviderName } from '../../contracts/ids';
import { DEFAULT_PROVIDER, providerNames, type LifecycleInput } from '../../providers/registry';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { last } from '../follow';

/** One lifecycle of the demo. */
export interface DemoCase {
  title: string;
  /** May wait for the outcomes of cases before it. */
  input: (outcomes: ReadonlyMap<string, Promise<LifecycleStatus>>) => Promise<LifecycleInput>;
}

export interface DemoOutcome {
  title: string;
  key: string;
  workflowId: string;
  runId: string;
  status: LifecycleStatus;
}

/** A client for each provider. */
export interface DemoClients {
  of(provider: ProviderName): LifecycleClient;
  close(): Promise<void>;
}

export async function connectClients(connect: () => Promise<TemporalAccess>): Promise<DemoClients> {
  const clients = new Map<ProviderName, LifecycleClient>();
  const close = async (): Promise<void> => {
    for (const client of clients.values()) await client.close();
  };
  try {
    for (const provider of providerNames()) {
      clients.set(provider, await LifecycleClient.connect({ provider, temporal: await connect() }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    of(provider) {
      const client = clients.get(provider);
      if (!client) throw new Error(`the demo has no client for ${provider}`);
      return client;
    },
    close,
  };
}

/** The repository's own samples: through every branch by file and by URL, and into a dataset. */
export function demoCases(at: {
  samples: string;
  filesUrl: string;
  collectionId: string;
  indexId: string;
  datasetId: string;
}): DemoCase[] {
  const file = (name: string) => ({ type: 'file' as const, path: path.join(at.samples, name) });
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
    ...['portrait-1.jpg', 'portrait-2.png', 'portrait-3.jpg'].map((name) =>
      simple(`image file → dataset (${name})`, {
        key: `demo/dataset/${name}`,
        provider: 'datature-vi',
        datasetId: at.datasetId,
        source: file(name),
      }),
    ),
  ];
}

/** Starts a case at its provider and follows it; `show` hears every change. */
export async function runCase(
  clients: DemoClients,
  { title, input }: DemoCase,
  outcomes: ReadonlyMap<string, Promise<LifecycleStatus>>,
  show: (status: LifecycleStatus) => void,
): Promise<DemoOutcome> {
  const complete = await input(outcomes);
  const client = clients.of(complete.provider ?? DEFAULT_PROVIDER);
  const { key, workflowId, runId } = await client.start(complete);
  return { title, key, workflowId, runId, status: await last(client, key, show) };
}
