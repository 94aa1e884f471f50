import type { IncomingMessage, ServerResponse } from 'node:http';
import { joinedField, tagFields, type BranchResource } from '../../../src/contracts/resource';
import type { BranchKind, RemoveOptions } from '../../../src/providers/branch-kind';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';

/** Answers a request by its method and path. */
let answers: Record<string, [number, unknown]>;
let asked: string[];
let server: Awaited<ReturnType<typeof serveOnLoopback>>;
let provider: ReturnType<typeof createTwelveLabsProvider>;

beforeEach(async () => {
  asked = [];
  server = await serveOnLoopback((request: IncomingMessage, response: ServerResponse) => {
    const what = `${request.method} ${request.url?.replace(/\?.*/, '')}`;
    asked.push(what);
    const [status, body] = answers[what] ?? [500, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: 1000 });
});
afterEach(async () => {
  await provider.close();
  await server.close();
});

const TAG = { key: 'k', workflowId: 'w', runId: 'r', owner: 'o', onCancel: 'delete', onFailure: 'keep' } as const;
const ENTITY = '/entity-collections/c/entities/e';
const OK: [number, unknown] = [200, {}];
const GONE: [number, unknown] = [404, { code: 'resource_not_exist', message: 'unknown' }];
const REFUSED: [number, unknown] = [400, { code: 'parameter_invalid', message: 'It is the last one.' }];
const holding = (...assetIds: string[]): [number, unknown] => [200, { _id: 'e', asset_ids: assetIds }];

const entity = (): BranchKind => provider.branches.entity as BranchKind;
const remove = (kind: string, resource: Partial<BranchResource> = {}, options: Partial<RemoveOptions> = {}) =>
  entity().remove?.(
    { kind, branch: 'entity', id: 'e', in: 'c', assetId: 'a', ...resource },
    { force: false, own: new Set(), ...options },
  );

test('an entity that holds assets of others is kept, and they are named', async () => {
  answers = { [`GET ${ENTITY}`]: holding('a', 'own', 'x') };
  expect(await remove('entity', {}, { own: new Set(['own']) })).toEqual({
    result: 'kept',
    because: 'others have added assets to it',
    referrers: ['asset x'],
  });
});

test('an entity whose own asset nobody told is removed when it holds one asset only', async () => {
  answers = { [`GET ${ENTITY}`]: holding('x'), [`DELETE ${ENTITY}`]: OK };
  expect(await remove('entity', { assetId: '' })).toMatchObject({ result: 'deleted' });
});

test('under force an entity is removed without a look at what it holds', async () => {
  answers = { [`DELETE ${ENTITY}`]: OK };
  expect(await remove('entity', {}, { force: true })).toMatchObject({ result: 'deleted' });
  expect(asked).toEqual([`DELETE ${ENTITY}`]);
});

test('the last asset of an entity stays in it', async () => {
  answers = { [`DELETE ${ENTITY}/assets`]: REFUSED, [`GET ${ENTITY}`]: holding('a') };
  expect(await remove('entity-membership')).toEqual({
    result: 'kept',
    because: expect.stringContaining('the provider refused: DELETE /entity-collections'),
  });
});

test.each<[string, [number, unknown], [number, unknown]]>([
  ['of rights', [403, { code: 'api_not_allowed', message: 'Not this plan.' }], holding('a', 'b')],
  ['while others are in it', REFUSED, holding('a', 'b')],
  ['of the entity of another account', [403, { code: 'read_not_allowed', message: 'Not yours.' }], REFUSED],
])('a refusal %s to take an asset out of an entity is a failure', async (_what, refusal, held) => {
  answers = { [`DELETE ${ENTITY}/assets`]: refusal, [`GET ${ENTITY}`]: held };
  await expect(remove('entity-membership')).rejects.toMatchObject({ type: 'ProviderRejected' });
});

test.each<[string, Record<string, unknown>, string]>([
  ['with the note of its lifecycle', joinedField({ in: 'c', id: 'e', runId: 'r1' }), 'deleted'],
  ['with the note of another entity', joinedField({ in: 'c', id: 'other', runId: 'r1' }), 'kept'],
  ['without a note', {}, 'kept'],
])('an asset %s that may have been added before is %s', async (_what, note, result) => {
  const asset = { _id: 'a', status: 'ready', user_metadata: { ...tagFields(TAG), ...note } };
  answers = { 'GET /assets/a': [200, asset], [`DELETE ${ENTITY}/assets`]: OK };
  expect(await remove('entity-membership', { unproven: true })).toMatchObject({ result });
});

test.each([
  ['the run itself', TAG.runId, 'deleted'],
  ['an earlier run', 'r0', 'kept'],
])('of an asset that its key completed with, only what %s noted is taken out', async (_who, runId, result) => {
  const noted = { ...tagFields(TAG), ...joinedField({ in: 'c', id: 'e', runId }) };
  answers = {
    'GET /assets/a': [200, { _id: 'a', status: 'ready', user_metadata: noted }],
    [`DELETE ${ENTITY}/assets`]: OK,
  };
  const membership = { unproven: true, ofRunOnly: true, tag: TAG };
  expect(await remove('entity-membership', membership)).toMatchObject({ result });
});

test('what a lifecycle made of an asset are its entities, and the one that the asset was noted to join', async () => {
  const mine = { _id: 'mine', entity_collection_id: 'c', name: 'n', metadata: tagFields(TAG) };
  const others = ['joined', 'x'].map((id) => ({ _id: id, entity_collection_id: 'c', name: id }));
  answers = { 'GET /assets/a/entities': [200, { data: [mine, ...others], page_info: { total_page: 1 } }] };
  const tag = { ...TAG, joined: [{ in: 'c', id: 'joined', runId: 'r0' }] };
  expect(await entity().madeFrom?.({ assetId: 'a', tag })).toEqual([
    {
      ...{ kind: 'entity', branch: 'entity', id: 'mine', in: 'c', name: 'n', assetId: 'a' },
      ...{ madeBy: TAG.runId, onCancel: TAG.onCancel },
    },
    { kind: 'entity-membership', branch: 'entity', id: 'joined', in: 'c', assetId: 'a', madeBy: 'r0' },
  ]);
});

test('in a collection that is gone there is no entity with the tag', async () => {
  answers = { 'GET /entity-collections/c/entities': GONE };
  const resource = { kind: 'entity', branch: 'entity', in: 'c', name: 'n', assetId: 'a', tag: TAG };
  expect(await entity().tagged?.(resource)).toEqual([]);
});

test('an entity protects nothing of its asset; a place in one is known by its id', async () => {
  const at = { branch: 'entity', in: 'c', assetId: 'a', tag: TAG };
  expect(entity().foundByAsset?.({ ...at, kind: 'entity' })).toBe(true);
  expect(entity().foundByAsset?.({ ...at, kind: 'entity-membership' })).toBe(false);
  answers = {};
  expect(await entity().tagged?.({ ...at, kind: 'entity-membership' })).toEqual([]);
  expect(asked).toEqual([]);
});
