import { ProviderApi } from '../../support/servers/provider-api';

let api: ProviderApi;
let indexId: string;
let assetId: string;
let entryId: string;
beforeAll(async () => {
  api = await ProviderApi.start();
  indexId = await api.index('films');
  assetId = await api.upload('clip.mp4');
  const body = { asset_id: assetId, enable_video_stream: true, user_metadata: { shelf: 'top', year: 1999 } };
  entryId = String((await api.call('POST', `/indexes/${indexId}/indexed-assets`, body)).body._id);
});
afterAll(() => api.close());

const entries = (query: string) => api.call('GET', `/indexes/${indexId}/indexed-assets?${query}`);
const count = async (query: string): Promise<number> => (await entries(query)).body.data?.length ?? -1;
const detail = (query = '') => api.call('GET', `/indexes/${indexId}/indexed-assets/${entryId}${query}`);

test('the embedding of an indexed asset has the names of its own schema', async () => {
  const { body } = await detail('?embedding_option=visual');
  const { model_name, video_embedding } = body.embedding as {
    model_name: string;
    video_embedding: { segments: Record<string, unknown>[] };
  };
  expect(model_name).toBe('marengo3.0');
  const [first] = video_embedding.segments;
  expect(first).toMatchObject({ start_offset_sec: 0, end_offset_sec: 4, embedding_option: 'visual' });
  expect(first?.float).toHaveLength(512);
  expect(first).not.toHaveProperty('embedding');
});

test('an indexed asset has its stream where it was asked for', async () => {
  expect((await detail()).body.hls).toMatchObject({ status: 'COMPLETE', video_url: expect.any(String) });
  expect((await entries('')).body.data?.[0]).not.toHaveProperty('hls');
});

test.each([
  ['duration[gte]=4', 1],
  ['duration[gte]=4&duration[lte]=5', 0],
  ['width[lte]=100', 0],
  ['height[gte]=100', 1],
  ['fps[gte]=1', 1],
  ['size[lte]=1000', 0],
  ['created_at=2020-01-01T00:00:00Z', 1],
  ['updated_at=2999-01-01T00:00:00Z', 0],
  ['filename=CLIP', 1],
  ['status=ready&status=failed', 1],
  ['status=validating', 0],
  [`user_metadata=${encodeURIComponent('{"shelf":"top"}')}`, 1],
  [`user_metadata=${encodeURIComponent('{"shelf":"low"}')}`, 0],
  ['year=1999', 1],
  ['year=2000', 0],
])('the list of indexed assets with %s has %i', async (query, expected) => {
  expect(await count(query)).toBe(expected);
});

test.each(['status=done', 'width[gte]=wide', 'created_at=yesterday', 'user_metadata=none'])(
  'the list of indexed assets refuses %s',
  async (query) => {
    expect(await entries(query)).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } });
  },
);

test('indexes are found by the options and the family of their models', async () => {
  await api.index('silent films', ['visual']);
  const names = async (query: string) =>
    (await api.call('GET', `/indexes?${query}`)).body.data?.map(({ index_name }) => index_name);
  expect(await names('model_options=visual,audio')).toEqual(['films']);
  expect(await names('model_options=visual&sort_option=asc')).toEqual(['films', 'silent films']);
  expect(await names('model_family=pegasus')).toEqual([]);
  expect((await api.call('GET', '/indexes?model_family=other')).status).toBe(400);
});

test('a new index takes no pegasus1.2', async () => {
  const models = [{ model_name: 'pegasus1.2', model_options: ['visual'] }];
  expect(await api.call('POST', '/indexes', { index_name: 'old', models })).toMatchObject({
    status: 400,
    body: { code: 'parameter_invalid' },
  });
});

test('an image has a thumbnail and no stream', async () => {
  const id = await api.upload('portrait-1.jpg', { enable_thumbnail: 'true', enable_hls: 'true' });
  const { body } = await api.call('GET', `/assets/${id}`);
  expect(body.thumbnail).toMatchObject({ status: 'ready' });
  expect(body).not.toHaveProperty('hls');
});

test('more entries than may be indexed at the same time are refused until one is done', async () => {
  const busy = await ProviderApi.start({ concurrentIndexing: 1 });
  try {
    const [id, index] = [await busy.upload('clip.mp4'), await busy.index('films')];
    await busy.control.setProcessing({ baseMs: 60_000, msPerMegabyte: 0 });
    const add = async () => (await busy.call('POST', `/indexes/${index}/indexed-assets`, { asset_id: id })).status;
    expect([await add(), await add()]).toEqual([202, 429]);
    await busy.control.advanceClock(60_000);
    expect(await add()).toBe(202);
  } finally {
    await busy.close();
  }
});

test('every answer names the version of the API, errors too', async () => {
  const statuses = [];
  for (const route of ['/assets', '/assets/none', '/embed-v2/tasks/none']) {
    const { status, headers } = await api.call('GET', route);
    statuses.push([status, headers.get('x-api-version')]);
  }
  expect(statuses).toEqual([
    [200, 'v1.3'],
    [400, 'v1.3'],
    [404, 'v1.3'],
  ]);
});
