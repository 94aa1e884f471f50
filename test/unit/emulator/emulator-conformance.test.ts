import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Exchange } from '../../../emulator/shared/server/routed-api';
import { Conformance } from '../../../emulator/twelvelabs/conformance/conformance';
import { DRIFT, UNDECLARED } from '../../../emulator/twelvelabs/conformance/drift';
import { ProviderApi } from '../../support/servers/provider-api';

const conformance = new Conformance();
const check = (exchange: Partial<Exchange>) => conformance.check({ route: 'GET /assets', query: {}, ...exchange });
const id = 'f'.repeat(24);

test.each<[string, Partial<Exchange>, RegExp]>([
  ['an unknown field of an answer', answered('GET /assets/{asset_id}', 200, { _id: id, colour: 'red' }), /colour/],
  ['a field of the wrong type', answered('GET /assets/{asset_id}', 200, { _id: 5 }), /_id must be string/],
  ['a state that is not in the document', answered('GET /assets/{asset_id}', 200, { status: 'waiting' }), /status/],
  ['a time that is none', answered('GET /assets/{asset_id}', 200, { created_at: 'today' }), /created_at/],
  [
    'the vector of an indexed asset under the name of another route',
    answered('GET /indexes/{index_id}/indexed-assets/{indexed_asset_id}', 200, {
      embedding: { video_embedding: { segments: [{ embedding: [0.5] }] } },
    }),
    /embedding/,
  ],
  ['a body where there is none', answered('DELETE /assets/{asset_id}', 204, {}), /has a body/],
  ['a status that nothing declares', answered('GET /assets', 418, { code: 'teapot', message: 'x' }), /not declared/],
  ['a flat error on an embed route', answered('POST /embed-v2', 400, { code: 'x', message: 'x' }), /error/],
  ['a nested error elsewhere', answered('GET /assets', 400, { error: { code: 'x', message: 'x' } }), /code/],
  ['an unknown parameter of a query', { query: { colour: 'red' } }, /query.*colour/],
  ['a page that is no number', { query: { page: 'first' } }, /page/],
  ['a request without what it needs', { route: 'POST /indexes', body: { index_name: 'a' } }, /models/],
  ['a request with an unknown field', { route: 'POST /assets', body: { method: 'url', uri: 'x' } }, /uri/],
  ['a route that the document has not', { route: 'GET /asets' }, /no such route/],
])('%s breaks the schemas', (_what, exchange, words) => {
  expect(check(exchange).join('\n')).toMatch(words);
});

test('a request that was refused, and an answer that a fault chose, are left alone', () => {
  const refusal = { code: 'parameter_invalid', message: 'x' };
  expect(check({ query: { colour: 'red' }, status: 400, answer: { body: refusal } })).toEqual([]);
  expect(check({ status: 502 })).toEqual([]);
});

test('a fault may choose any status, and its error still has the shape of its route', () => {
  const words = { code: 'busy', message: 'x' };
  const fault = { status: 503, byFault: true };
  expect(check({ ...fault, answer: { body: words } })).toEqual([]);
  expect(check({ ...fault, answer: { body: { error: words } } })).not.toEqual([]);
});

test('no status that a fault can choose breaks the schemas by itself', async () => {
  const api = await ProviderApi.start();
  try {
    for (const status of [200, 204, 403, 429, 502, 503, 504]) {
      for (const route of ['GET /assets', 'GET /embed-v2/tasks/{task_id}']) {
        await api.control.addFault({ route, status, times: 1 });
        const path = route.replace('{task_id}', id).slice('GET '.length);
        expect((await api.call('GET', path)).status).toBe(status);
      }
    }
  } finally {
    await api.close();
  }
});

test('what an emulator took in or answered against the schemas is written down, without its values', async () => {
  const file = path.join(tmpdir(), `violations-${process.pid}.txt`);
  const api = await ProviderApi.start({ violationsFile: file });
  try {
    const models = [{ model_name: 'marengo3.0', model_options: ['visual'] }];
    const made = await api.call('POST', '/indexes', { index_name: 'films', models, colour: 'secret' });
    expect(made.status).toBe(201);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^POST \/indexes 201: body.*colour/);
    expect(text).not.toContain('secret');
  } finally {
    await api.close();
    await rm(file, { force: true });
  }
});

test('every known difference says why', () => {
  for (const { why } of DRIFT) expect(why.length).toBeGreaterThan(20);
  for (const why of Object.values(UNDECLARED)) expect(why.length).toBeGreaterThan(20);
});

function answered(route: string, status: number, body: unknown): Partial<Exchange> {
  return { route, status, answer: { body } };
}
