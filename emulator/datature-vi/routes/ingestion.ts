import type { ApiCall } from '../../shared/server/routed-api';
import type { Emulation } from '../rules/emulation';
import { cancelSession, createSession, sessionOf } from '../rules/ingestion/sessions';
import { sessionView } from '../rules/ingestion/views';
import { SOURCE_PATH } from '../rules/links';
import { pageOf } from '../rules/paging';
import {
  abortMultipart,
  createMultipart,
  multipartOf,
  multipartView,
  partNumber,
  partView,
  refuseEnded,
} from '../rules/uploads/multipart';
import { completeMultipart, reportPart } from '../rules/uploads/parts';
import type { Api } from './api';

const SESSIONS = `${SOURCE_PATH}/assetIngestionSessions`;
const MULTIPARTS = `${SOURCE_PATH}/multipartUploads`;

/** Ingestion sessions. Source: `assets.upload`, `assets.wait_until_done` and `asset_sources` of the SDK. */
export function sessionRoutes(api: Api, emulation: Emulation): void {
  const session = (call: ApiCall) => sessionOf(emulation, api.placeOf(call), call.params.session_id ?? '');
  const later = () => ({ files: emulation.settings.vi.sessionsTellFiles });

  api.route('POST', SESSIONS, (call) => () => {
    const place = api.placeOf(call);
    const created = createSession(emulation, place, call.body);
    return { status: 200, body: sessionView(emulation, place, created, { files: true }) };
  });
  api.route('GET', SESSIONS, (call) => () => {
    const place = api.placeOf(call);
    const sessions = [...emulation.store.sessions.values()];
    const page = pageOf(call.query, {
      items: sessions.filter(({ datasetId }) => datasetId === place.datasetId),
      positionOf: (one) => [one.createdAt, sessions.indexOf(one)],
      descending: true,
      order: 'sessions',
    });
    return {
      status: 200,
      body: { ...page, items: page.items.map((one) => sessionView(emulation, place, one, later())) },
    };
  });
  api.route('GET', `${SESSIONS}/{session_id}`, (call) => () => ({
    status: 200,
    body: sessionView(emulation, api.placeOf(call), session(call), later()),
  }));
  api.route('POST', `${SESSIONS}/{session_id}:cancel`, (call) => () => {
    const cancelled = session(call);
    cancelSession(emulation, cancelled);
    return { status: 200, body: sessionView(emulation, api.placeOf(call), cancelled, later()) };
  });
}

/** Files that are put in parts. Source: the SDK's multipart uploader. */
export function multipartRoutes(api: Api, emulation: Emulation): void {
  const one = `${MULTIPARTS}/{multipart_id}`;
  const part = `${one}/parts/{part}`;
  const multipart = (call: ApiCall) => multipartOf(emulation, api.placeOf(call), call.params.multipart_id ?? '');
  const view = (call: ApiCall) => multipartView(emulation, api.placeOf(call), multipart(call));

  api.route('POST', MULTIPARTS, (call) => () => {
    const place = api.placeOf(call);
    return { status: 200, body: multipartView(emulation, place, createMultipart(emulation, place, call.body)) };
  });
  api.route('GET', one, (call) => () => ({ status: 200, body: view(call) }));
  api.route('DELETE', one, (call) => () => {
    abortMultipart(emulation, multipart(call));
    return { status: 204 };
  });
  api.route('POST', part, (call) => () => {
    const found = multipart(call);
    refuseEnded(emulation, found);
    const number = partNumber(found, call.params.part ?? '');
    return { status: 200, body: partView(emulation, api.placeOf(call), found, number) };
  });
  api.route('POST', `${part}/completion`, (call) => () => {
    const found = multipart(call);
    reportPart(found, partNumber(found, call.params.part ?? ''), call.body);
    return { status: 200, body: view(call) };
  });
  api.route('POST', `${one}/completion`, (call) => async () => {
    await completeMultipart(emulation, multipart(call));
    return { status: 200, body: view(call) };
  });
}
