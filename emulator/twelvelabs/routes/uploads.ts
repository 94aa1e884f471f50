import type { Emulation } from '../rules/emulation';
import { reportChunks } from '../rules/uploads/reports';
import { createdUpload, createUpload, furtherUrls } from '../rules/uploads/sessions';
import { listIncomplete, uploadStatus } from '../rules/uploads/views';
import type { ApiCall } from '../../shared/server/routed-api';
import type { Api } from './api';

const UPLOADS = '/assets/multipart-uploads';
const UPLOAD = `${UPLOADS}/{upload_id}`;

/**
 * Source: `/assets/multipart-uploads`: `create`, `list-incomplete-uploads`, `get-status`, `report-chunk-batch`,
 * `get-additional-presigned-urls`.
 */
export function uploadRoutes(api: Api, emulation: Emulation): void {
  const idOf = ({ params }: ApiCall): string => params.upload_id ?? '';
  /** The store has the API's host name, as the caller knows it, and a port of its own. */
  const hostOf = ({ raw }: ApiCall): string => raw.hostname;

  api.route('POST', UPLOADS, (call) => () => ({
    status: 201,
    body: createdUpload(emulation, createUpload(emulation, call.body), hostOf(call)),
  }));
  api.route('GET', UPLOADS, ({ query }) => () => ({ status: 200, body: listIncomplete(emulation, query) }));
  api.route('GET', UPLOAD, (call) => () => ({ status: 200, body: uploadStatus(emulation, idOf(call), call.query) }));
  api.route('POST', UPLOAD, (call) => async () => ({
    status: 200,
    body: await reportChunks(emulation, idOf(call), call.body),
  }));
  api.route('POST', `${UPLOAD}/presigned-urls`, (call) => () => ({
    status: 200,
    body: furtherUrls(emulation, idOf(call), call.body, hostOf(call)),
  }));
}
