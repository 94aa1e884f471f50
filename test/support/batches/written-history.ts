import { historyFromJSON } from '@temporalio/common/lib/proto-utils';

const PREFIX = 'EVENT_TYPE_';

const payloads = (values: readonly unknown[]) => ({
  payloads: values.map((value) => ({
    metadata: { encoding: Buffer.from('json/plain').toString('base64') },
    data: Buffer.from(JSON.stringify(value)).toString('base64'),
  })),
});

/**
 * A history of a workflow, written event by event: what a server can send, though none does so when a test wants it to. It
 * replays only if the workflow sends exactly the commands of each of its tasks, and none before its task.
 */
export class WrittenHistory {
  private readonly events: object[] = [];

  constructor(workflowType: string, args: readonly unknown[]) {
    this.add('WORKFLOW_EXECUTION_STARTED', {
      workflowType: { name: workflowType },
      taskQueue: { name: 'asset-lifecycle' },
      input: payloads(args),
      originalExecutionRunId: 'run',
      firstExecutionRunId: 'run',
      workflowTaskTimeout: '10s',
      attempt: 1,
    });
  }

  /** @returns the event's id, which later events name. */
  add(type: string, attributes: object): string {
    const eventId = String(this.events.length + 1);
    const words = type.toLowerCase().split('_');
    const name = words.map((word, nth) => (nth === 0 ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`)).join('');
    const eventTime = new Date(Date.UTC(2026, 0, 1) + this.events.length).toISOString();
    this.events.push({ eventId, eventTime, eventType: PREFIX + type, [`${name}EventAttributes`]: attributes });
    return eventId;
  }

  signal(signalName: string, ...args: unknown[]): void {
    this.add('WORKFLOW_EXECUTION_SIGNALED', { signalName, input: payloads(args) });
  }

  /**
   * A workflow task, in which the workflow sends these commands.
   * @param history says that it is long by now
   * @returns the ids of the commands' events
   */
  task(
    commands: readonly (readonly [type: string, attributes: object])[],
    history: { isLong?: boolean } = {},
  ): string[] {
    const scheduledEventId = this.add('WORKFLOW_TASK_SCHEDULED', { taskQueue: { name: 'asset-lifecycle' } });
    const suggestContinueAsNew = history.isLong === true;
    const startedEventId = this.add('WORKFLOW_TASK_STARTED', { scheduledEventId, suggestContinueAsNew });
    const sdkMetadata = { coreUsedFlags: [1, 2, 3], sdkName: 'temporal-typescript' };
    const workflowTaskCompletedEventId = this.add('WORKFLOW_TASK_COMPLETED', {
      ...{ scheduledEventId, startedEventId, sdkMetadata },
    });
    return commands.map(([type, attributes]) => this.add(type, { workflowTaskCompletedEventId, ...attributes }));
  }

  activityEnds(scheduledEventId: string | undefined, result: unknown): void {
    const startedEventId = this.add('ACTIVITY_TASK_STARTED', { scheduledEventId, attempt: 1 });
    this.add('ACTIVITY_TASK_COMPLETED', { scheduledEventId, startedEventId, result: payloads([result]) });
  }

  history() {
    return historyFromJSON({ events: this.events });
  }
}
