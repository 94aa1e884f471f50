import { WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import {
  type ApplicationFailure,
  defaultDataConverter,
  defaultPayloadConverter,
  TypedSearchAttributes,
} from '@temporalio/common';
import { LifecycleCalls } from '../../../src/client/lifecycle-calls';
import { OWNER } from '../activity-dependencies';

/** A run that Temporal knows. */
export interface KnownRun {
  workflowId: string;
  runId: string;
  /** Of Temporal. */
  status: string;
  /** RFC 3339. */
  startedAt?: string;
  closedAt?: string;
  /** Where it goes on with another run: the first. */
  firstRunId?: string;
  /** What it was started with. */
  input?: unknown;
  result?: unknown;
  /** What it failed with. */
  failure?: ApplicationFailure;
}

/** A Temporal that knows some runs, the newest of an id last; the history of each says that it has closed. What is signalled and started is kept. */
export class KnownRuns {
  readonly runs: KnownRun[] = [];
  readonly signals: { workflowId: string; name: string }[] = [];
  readonly started: { workflowId: string; input: unknown }[] = [];
  readonly queries: string[] = [];
  /** Called at each description, such as to let something happen meanwhile. */
  onDescribe: (workflowId: string) => Promise<void> | void = () => {};

  readonly client: Client;
  readonly calls: LifecycleCalls;

  constructor() {
    const client = {
      options: { namespace: 'n', loadedDataConverter: defaultDataConverter },
      connection: { close: async () => {} },
      withAbortSignal: (_signal: unknown, call: () => unknown) => call(),
      withDeadline: (_deadline: unknown, call: () => unknown) => call(),
      workflowService: {
        describeNamespace: async () => ({ namespaceInfo: { id: OWNER } }),
        getWorkflowExecutionHistory: async ({ execution }: { execution: Pick<KnownRun, 'workflowId' | 'runId'> }) =>
          historyOf(this.runs.find(({ runId }) => runId === execution.runId)),
      },
      workflow: {
        getHandle: (workflowId: string, runId?: string) => this.handle(workflowId, runId),
        list: ({ query }: { query: string }) => this.list(query),
        start: async (_type: string, { workflowId, args: [input] }: { workflowId: string; args: unknown[] }) => {
          this.started.push({ workflowId, input });
          this.runs.push({ workflowId, runId: `started-${this.started.length}`, status: 'RUNNING', input });
          return { firstExecutionRunId: `started-${this.started.length}`, workflowId };
        },
      },
    };
    this.client = client as unknown as Client;
    this.calls = new LifecycleCalls({ client: this.client, address: 'a', namespace: 'n' }, 'twelvelabs');
  }

  /** The newest run of an id, or that one. */
  find(workflowId: string, runId?: string): KnownRun {
    const run = this.runs.findLast((one) => one.workflowId === workflowId && (runId ?? one.runId) === one.runId);
    if (!run) throw new WorkflowNotFoundError('none', workflowId, runId);
    return run;
  }

  private handle(workflowId: string, runId?: string) {
    return {
      describe: async () => {
        await this.onDescribe(workflowId);
        return described(this.find(workflowId, runId));
      },
      result: async () => {
        const { failure, result } = this.find(workflowId, runId);
        if (failure) throw new WorkflowFailedError('failed', failure, 'MAXIMUM_ATTEMPTS_REACHED' as never);
        return result;
      },
      query: async () => this.find(workflowId, runId).result,
      signal: async (name: string) => {
        if (this.find(workflowId, runId).status !== 'RUNNING')
          throw new WorkflowNotFoundError('ended', workflowId, runId);
        this.signals.push({ workflowId, name });
      },
    };
  }

  private async *list(query: string) {
    this.queries.push(query);
    const isWanted = ({ status }: KnownRun): boolean =>
      !query.includes('ContinuedAsNew') || status === 'CONTINUED_AS_NEW';
    for (const run of this.runs.toReversed()) if (isWanted(run)) yield described(run);
  }
}

const described = ({ workflowId, runId, status, startedAt, closedAt, firstRunId }: KnownRun) => ({
  ...{ workflowId, runId, status: { name: status }, startTime: new Date(startedAt ?? 0) },
  closeTime: closedAt === undefined ? undefined : new Date(closedAt),
  typedSearchAttributes: new TypedSearchAttributes([]),
  raw: { workflowExecutionInfo: { firstRunId: firstRunId ?? runId } },
});

function historyOf(run: KnownRun | undefined) {
  if (!run) throw Object.assign(new Error('not found'), { code: 5 });
  const payloads = [defaultPayloadConverter.toPayload(run.input)];
  const started = { workflowExecutionStartedEventAttributes: { input: { payloads } } };
  return { history: { events: [started, { workflowExecutionCompletedEventAttributes: {} }] } };
}
