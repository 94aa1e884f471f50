import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ActivityDependencies } from '../../src/activities/dependencies';
import { MediaReader } from '../../src/media/media-reader';
import { departureNotesInMemory } from '../../src/storage/results/departure-notes';
import { PartBuffers } from '../../src/providers/shared/parts/part-buffers';
import { createKeyClaims } from '../../src/storage/batches/key-claims';
import { memoryFiles } from './batches/memory-files';
import type { MediaProvider } from '../../src/providers/media-provider';

interface Doubles extends Partial<
  Pick<
    ActivityDependencies,
    'sources' | 'objects' | 'results' | 'marks' | 'otherHosts' | 'settleWindowMs' | 'sourceQueues' | 'sourceDeadlineMs'
  >
> {
  provider: MediaProvider;
  /** Without them, Temporal knows no lifecycle. */
  runs?: Partial<ActivityDependencies['runs']>;
  progress?: Partial<ActivityDependencies['progress']>;
  watcher?: ActivityDependencies['accounts'][string]['watcher'];
}

/** The id of the namespace that tests belong to. */
export const OWNER = 'namespace-of-tests';

const unused = (what: string) => (): never => {
  throw new Error(`this test has no ${what}`);
};

/** Dependencies with what a test needs; anything else throws when it is used. */
export function dependencies({
  provider,
  watcher,
  sources,
  objects,
  results,
  marks,
  otherHosts,
  settleWindowMs = 0,
  runs,
  sourceQueues,
  sourceDeadlineMs = 0,
  progress,
}: Doubles): ActivityDependencies {
  const files = memoryFiles();
  const account = { provider, watcher: watcher ?? { until: unused('watcher') } };
  return {
    batches: {
      files,
      claims: createKeyClaims(files),
      access: {
        files: { walk: unused('listing'), look: unused('listing') },
        manifests: { resolve: unused('manifests') },
        objects: { resolve: unused('objects'), walk: unused('objects') },
      },
    },
    accounts: {
      twelvelabs: account,
      [provider.name]: account,
    },
    sources: sources ?? { resolve: unused('sources') },
    objects: objects ?? { resolve: unused('objects') },
    media: new MediaReader(),
    results: results ?? {
      write: unused('results'),
      has: unused('results'),
      remove: unused('results'),
      namesOf: async () => [], // nothing is stored
    },
    marks: marks ?? {
      id: unused('marks'),
      read: unused('marks'),
      change: unused('marks'),
      remove: unused('marks'),
      marked: unused('marks'),
      placeOfKey: async (_key, place) => place,
      freeKey: async () => {},
      departures: departureNotesInMemory,
    },
    otherHosts: otherHosts ?? unused('other hosts'),
    settleWindowMs,
    runs: {
      overview: async () => [],
      find: async () => undefined,
      wantedBy: async () => [],
      isOpen: async () => false,
      endOf: async () => undefined,
      lastClosed: async () => undefined,
      ...runs,
    },
    progress: { makeDurable: async () => {}, tell: async () => {}, ...progress },
    stopping: new AbortController().signal,
    sourceQueues: sourceQueues ?? { find: unused('source queues') },
    sourceDeadlineMs,
    owner: OWNER,
    partBuffers: new PartBuffers(1024 ** 3),
    listSpacingMs: 0,
  };
}

/** A quiet activity context; a new one for each test, since a cancelled one stays so. */
export const activityEnvironment = (info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {}) =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
