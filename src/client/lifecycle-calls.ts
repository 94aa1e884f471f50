import {
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { lifecycleWorkflowId, type ProviderName } from '../contracts/ids';
import { temporalError } from '../temporal/connection';
import { LifecycleNotFound } from '../temporal/errors';

export interface TemporalAccess {
  client: Client;
  address: string;
  namespace: string;
}

/** Calls to Temporal about the lifecycles of one provider. */
export class LifecycleCalls {
  constructor(
    private readonly temporal: TemporalAccess,
    readonly provider: ProviderName,
  ) {}

  get client(): Client {
    return this.temporal.client;
  }

  handle(key: string): WorkflowHandle {
    return this.client.workflow.getHandle(lifecycleWorkflowId(this.provider, key));
  }

  /** Describes the latest run of a key. @throws LifecycleNotFound */
  async describeRun(key: string): Promise<WorkflowExecutionDescription> {
    return this.withClientErrors(() => this.handle(key).describe(), key);
  }

  /** Id of the namespace, which is unique among all clusters. */
  async namespaceId(): Promise<string> {
    const { namespace } = this.temporal;
    const described = await this.withClientErrors(() => this.client.workflowService.describeNamespace({ namespace }));
    const id = described.namespaceInfo?.id;
    if (!id) throw new Error(`the server gave no id for the namespace "${namespace}"`);
    return id;
  }

  /** Runs a call, and turns errors of Temporal into errors of this client. */
  async withClientErrors<T>(call: () => Promise<T>, key?: string): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const known = temporalError(error, this.temporal);
      if (known) throw known;
      if (error instanceof WorkflowNotFoundError) throw new LifecycleNotFound(`no lifecycle has the key "${key}"`);
      throw error;
    }
  }
}
