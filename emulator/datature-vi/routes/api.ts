import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../../shared/server/api-error';
import { RoutedApi, type ApiCall, type Exchange } from '../../shared/server/routed-api';
import type { Fault } from '../../shared/traffic/faults';
import type { Traffic } from '../../shared/traffic/traffic';
import { datasetOf } from '../rules/assets/datasets';
import { settleDeletions } from '../rules/assets/deletions';
import type { Emulation, Place } from '../rules/emulation';
import { checkedId, notFound } from '../rules/errors';
import { settleAll } from '../rules/ingestion/settle';

/** Source: the SDK checks both before it sends a request. */
const KEY = /^dtvi_.{98}$/;

/** Routes below a dataset, with the keys and errors of the provider's API. */
export class Api extends RoutedApi<object> {
  protected readonly prefix = '/workspaces/:workspace_id/datasets/:dataset';

  constructor(
    app: FastifyInstance,
    private readonly emulation: Emulation,
    traffic: Traffic,
    onExchange?: (exchange: Exchange) => void,
  ) {
    super(app, traffic, onExchange);
  }

  /** Where a request is about. @throws ApiError 404 when there is no such dataset */
  placeOf({ params, raw }: ApiCall): Place {
    const { workspace_id: workspaceId = '', dataset = '' } = params;
    checkedId('dataset', dataset);
    if (!dataset.startsWith(`${workspaceId}_`)) throw notFound('dataset', dataset);
    const place = { workspaceId, datasetId: dataset.slice(workspaceId.length + 1), host: raw.hostname };
    datasetOf(this.emulation, place);
    return place;
  }

  protected keyOf({ headers }: FastifyRequest): string | undefined {
    return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  }

  protected override arrived(): void {
    settleAll(this.emulation);
    settleDeletions(this.emulation);
  }

  protected authenticate(request: FastifyRequest): void {
    const key = this.keyOf(request);
    const { secretKeys } = this.emulation;
    if (key === undefined || !KEY.test(key) || secretKeys?.includes(key) === false) {
      throw new ApiError(401, 'Unauthenticated', 'The secret key is missing or wrong.');
    }
    const organization = request.headers['organization-id'];
    const { workspace_id: workspaceId } = request.params as { workspace_id?: string };
    if (organization === workspaceId) return;
    throw new ApiError(403, 'PermissionDenied', 'The header Organization-Id is not that of the workspace.');
  }

  /** Only sessions are counted, where they are created. */
  protected spend(): Record<string, string> {
    return {};
  }

  protected errorBody({ code, message }: ApiError): unknown {
    return { error: code, message };
  }

  protected faultBody(fault: Fault): unknown {
    return 'body' in fault ? fault.body : { error: 'EmulatorFault', message: 'A fault that was asked for.' };
  }

  protected answerHeaders(): Record<string, string> {
    const date = new Date(this.emulation.clock.iso()).toUTCString();
    return { date, 'x-cloud-trace-context': randomBytes(16).toString('hex') };
  }

  protected changed(): void {
    this.emulation.store.changed();
  }
}
