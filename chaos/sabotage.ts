import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import type { ActivityExecuteInput, ActivityInterceptorsFactory } from '@temporalio/worker';
import type {
  FindOrphansInput,
  FoundOrphans,
  RemoveResourcesInput,
  StartBranchInput,
  StoreRecordsInput,
} from '../src/contracts/activities';
import { BATCH_SABOTAGES } from './batches/sabotaged-steps';
import { ASSET_LIFECYCLE } from '../src/contracts/ids';
import { madeFrom } from '../src/activities/sweep/find-made';
import { isAsset, readTag, TAG_FIELDS } from '../src/contracts/resource';
import type { Assets } from '../src/providers/assets';
import type { Intake } from '../src/providers/intake';
import type { MediaProvider } from '../src/providers/media-provider';
import { succeeded } from '../src/providers/outcome';
import type { connectWorker } from '../src/worker';

/** Guards that can be taken out of the worker, so that the explorer can be shown to notice. */
export const SABOTAGES = [
  /** Never looks for a tag before it creates. */
  'blind',
  /** Cleans up in order of creation. */
  'reversed-cleanup',
  /** A sweep takes an asset for an orphan because Temporal does not know its run. */
  'vanished-are-orphans',
  /** Results are named by the workflow id alone. */
  'shared-result-names',
  /** Nobody looks which entities an asset is in before it is deleted. */
  'blind-to-entities',
  /** A sweep asks visibility with workflow ids, which hold keys. */
  'keys-in-queries',
  /** An adopter does not mark what it adopts, and a sweep does not look for open adopters. */
  'blind-to-adopters',
  /** A run that takes up the asset of a completed key does not keep in mind that it had completed, nor does the asset. */
  'forgets-completed',
  /** A sweep after a terminated run also removes what earlier runs of the key have made. */
  'sweep-takes-earlier',
  /** An asset of the same name is overwritten, whatever the input says. */
  'overwrites-untold',
  /** A session that is given up is not cancelled. */
  'leaves-sessions',
  /** A batch that is stopped tells its groups nothing. */
  'unheard-stops',
  /** A batch does not hear that it is to pause. */
  'unheard-pauses',
  ...BATCH_SABOTAGES,
] as const;
export type Sabotage = (typeof SABOTAGES)[number];

type Temporal = Awaited<ReturnType<typeof connectWorker>>;
type Execute = (input: ActivityExecuteInput) => Promise<unknown>;
type Around = (type: string, input: ActivityExecuteInput, next: Execute) => Promise<unknown>;

/** Undefined in what is shared by activities, such as the watcher. */
function activityType(): string | undefined {
  try {
    return Context.current().info.activityType;
  } catch {
    return undefined;
  }
}

/** The provider's port with a guard taken out. */
export function sabotagedProvider(provider: MediaProvider, sabotage: string | undefined): MediaProvider {
  const { assets, intake, branches } = provider;
  switch (sabotage) {
    case 'blind':
      return {
        ...provider,
        intake: { ...intake, find: async (queries) => queries.map(() => []) },
        branches: Object.fromEntries(
          Object.entries(branches).map(([type, kind]) => [
            type,
            { ...kind, find: async () => [], tagged: async () => [] },
          ]),
        ),
      };
    case 'overwrites-untold':
      return inPlaces(provider, (placed) => {
        const submit: Intake['submit'] = (items, options) =>
          placed.intake.submit(
            items.map((item) => ({ ...item, fields: { ...item.fields, onAssetOverwritten: 'RemoveLinkedResource' } })),
            options,
          );
        return { ...placed, intake: { ...placed.intake, submit } };
      });
    case 'leaves-sessions':
      return inPlaces(provider, (placed) => ({
        ...placed,
        intake: { ...placed.intake, abandon: async () => 'ended' as const },
      }));
    case 'blind-to-entities': {
      const referrers: Assets['referrers'] = async (...call) =>
        (await assets.referrers(...call)).filter(({ blocksDeletion }) => blocksDeletion);
      return { ...provider, assets: { ...assets, referrers } };
    }
    case 'blind-to-adopters': {
      const annotate: Assets['annotate'] = async (changes, options) =>
        activityType() === 'submitSource' ? changes.map(() => succeeded(undefined)) : assets.annotate(changes, options);
      return { ...provider, assets: { ...assets, annotate } };
    }
    case 'forgets-completed': {
      const annotate: Assets['annotate'] = (changes, options) =>
        assets.annotate(
          changes.map(({ fields, ...change }) => ({
            ...change,
            fields: { ...fields, [TAG_FIELDS.completedBy]: null },
          })),
          options,
        );
      return { ...provider, assets: { ...assets, annotate } };
    }
    default:
      return provider;
  }
}

/** Changes a provider in each of its places. */
function inPlaces(provider: MediaProvider, change: (placed: MediaProvider) => MediaProvider): MediaProvider {
  const { within } = provider;
  if (!within) return provider;
  const changed = new Map<string, MediaProvider>();
  return {
    ...provider,
    within(place) {
      const one = changed.get(place) ?? change(within(place));
      changed.set(place, one);
      return one;
    },
  };
}

/** What takes a guard out around the worker's activities. */
export function sabotagedActivities(
  temporal: Temporal,
  provider: MediaProvider,
  sabotage: string | undefined,
): ActivityInterceptorsFactory[] {
  if (sabotage === 'blind-to-adopters') hideOpenRuns(temporal);
  const around = AROUND[sabotage ?? '']?.(temporal, provider);
  if (!around) return [];
  const execute = (input: ActivityExecuteInput, next: Execute): Promise<unknown> =>
    around(Context.current().info.activityType, input, next);
  return [() => ({ inbound: { execute } })];
}

const AROUND: Readonly<Record<string, (temporal: Temporal, provider: MediaProvider) => Around>> = {
  'vanished-are-orphans': () => (type, input, next) => {
    if (type !== 'findOrphans') return next(input);
    const [search] = input.args as [FindOrphansInput];
    return next({ ...input, args: [{ ...search, includeVanished: true }] });
  },

  'sweep-takes-earlier': (_temporal, provider) => async (type, input, next) => {
    const answer = await next(input);
    if (type !== 'findOrphans') return answer;
    const { orphans, ...found } = answer as FoundOrphans;
    const { signal } = new AbortController();
    const whole = orphans.map(async (orphan) => {
      const { assetId: id } = orphan;
      const tag = id === undefined ? undefined : readTag((await provider.assets.get(id)).metadata);
      return id !== undefined && tag ? { ...orphan, made: await madeFrom(provider, { id, tag }, signal) } : orphan;
    });
    return { ...found, orphans: await Promise.all(whole) };
  },

  'forgets-completed': () => (type, input, next) => {
    if (type !== 'removeResources') return next(input);
    const [removal] = input.args as [RemoveResourcesInput];
    const resources = removal.resources.map((one) => (isAsset(one) ? { ...one, completedBefore: undefined } : one));
    return next({ ...input, args: [{ ...removal, resources }] });
  },

  'shared-result-names': () => (type, input, next) => {
    const name = Context.current().info.workflowExecution?.workflowId ?? '';
    if (type === 'storeRecords') {
      const [store] = input.args as [StoreRecordsInput];
      return next({ ...input, args: [{ ...store, resultName: name }] });
    }
    if (type === 'startBranch') {
      const [start] = input.args as [StartBranchInput];
      return next({ ...input, args: [{ ...start, store: start.store && { ...start.store, resultName: name } }] });
    }
    if (type !== 'removeResources') return next(input);
    const [removal] = input.args as [RemoveResourcesInput];
    const resources = removal.resources.map((one) => (one.kind === 'result' ? { ...one, id: name } : one));
    return next({ ...input, args: [{ ...removal, resources }] });
  },

  'keys-in-queries': ({ connection, namespace }, provider) => {
    const client = new Client({ connection, namespace });
    return async (type, input, next) => {
      if (type !== 'findOrphans') return next(input);
      const { items } = await provider.assets.list({ pageSize: 50 });
      const ids = items.flatMap(({ metadata }) => readTag(metadata)?.workflowId ?? []);
      const list = ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ');
      const query = `WorkflowType = '${ASSET_LIFECYCLE}' AND WorkflowId IN (${list})`;
      if (ids.length > 0) for await (const _run of client.workflow.list({ query }));
      return next(input);
    };
  },
};

function hideOpenRuns({ connection }: Temporal): void {
  const { workflowService } = connection;
  const list = workflowService.listWorkflowExecutions.bind(workflowService);
  const hiding = async (request: { query?: string | null }) =>
    request.query?.includes("ExecutionStatus = 'Running'") ? { executions: [] } : list(request);
  Object.defineProperty(workflowService, 'listWorkflowExecutions', { value: hiding });
}
