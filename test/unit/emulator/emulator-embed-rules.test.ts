import { ProviderApi, type Reply } from '../../support/servers/provider-api';

let api: ProviderApi;
const ids: Record<string, string> = {};
beforeAll(async () => {
  api = await ProviderApi.start();
  ids.video = await api.upload('clip.mp4');
  ids.audio = await api.upload('melody.mp3');
  ids.image = await api.upload('portrait-1.jpg');
});
afterAll(() => api.close());

const bodyOf = (kind: string, model: string, options: object = {}) => ({
  input_type: kind,
  model_name: model,
  [kind]: { media_source: { asset_id: ids[kind] }, ...options },
});
const asTask = (kind: string, model: string, options?: object): Promise<Reply> =>
  api.call('POST', '/embed-v2/tasks', bodyOf(kind, model, options));
const atOnce = (kind: string, model: string, options?: object): Promise<Reply> =>
  api.call('POST', '/embed-v2', bodyOf(kind, model, options));
const taskOf = async (kind: string, model: string, options?: object): Promise<Reply> =>
  api.call('GET', `/embed-v2/tasks/${String((await asTask(kind, model, options)).body._id)}`);

const refused = { status: 400, body: { error: { code: 'parameter_invalid', message: expect.any(String) } } };
const fused = { embedding_type: ['fused_embedding'] };

test.each([
  ['an image with marengo3.0', 'image', 'marengo3.0', {}],
  ['transcription of a video with marengo3.5', 'video', 'marengo3.5', { embedding_option: ['transcription'] }],
  ['transcription of audio with marengo3.5', 'audio', 'marengo3.5', { embedding_option: ['transcription'] }],
  ['the picture of audio', 'audio', 'marengo3.0', { embedding_option: ['visual'] }],
  ['the scope local with marengo3.0', 'video', 'marengo3.0', { embedding_scope: ['local'] }],
  ['a dimension with marengo3.0', 'video', 'marengo3.0', { embedding_dimension: 256 }],
  ['an uncertainty with marengo3.0', 'video', 'marengo3.0', { embedding_uncertainty: true }],
  ['fused embeddings of one option', 'video', 'marengo3.0', { ...fused, embedding_option: ['visual'] }],
  ['fused embeddings with marengo3.5, without times', 'video', 'marengo3.5', fused],
  ['dynamic clips of audio with marengo3.0', 'audio', 'marengo3.0', { segmentation: dynamic(3) }],
  ['clips of eleven seconds', 'video', 'marengo3.0', { segmentation: fixed(11) }],
  ['a strategy without its length', 'video', 'marengo3.0', { segmentation: { strategy: 'fixed' } }],
  ['an end before its start', 'video', 'marengo3.0', { start_sec: 5, end_sec: 4 }],
  ['a start past the end of the media', 'video', 'marengo3.0', { start_sec: 500 }],
])('a task refuses %s', async (_what, kind, model, options) => {
  expect(await asTask(kind, model, options)).toMatchObject(refused);
});

test.each(['video', 'audio', 'image'])('marengo3.5 embeds %s only as a task', async (kind) => {
  expect(await atOnce(kind, 'marengo3.5')).toMatchObject(refused);
  expect((await asTask(kind, 'marengo3.5')).status).toBe(202);
});

test('text is taken with marengo3.0 only', async () => {
  const text = (model: string) =>
    api.call('POST', '/embed-v2', { input_type: 'text', model_name: model, text: { input_text: 'a fox' } });
  expect((await text('marengo3.0')).status).toBe(200);
  expect(await text('marengo3.5')).toMatchObject(refused);
  expect(await text('anything')).toMatchObject(refused);
});

test('audio with marengo3.5 has clips of two seconds and no transcription', async () => {
  const { body } = await taskOf('audio', 'marengo3.5');
  expect(body.metadata).toMatchObject({ embedding_options: ['audio'], embedding_dimension: 512 });
  const clips = (body.data ?? []).filter(({ embedding_scope }) => embedding_scope === 'clip');
  expect(clips[0]).toMatchObject({ start_sec: 0, end_sec: 2 });
  const asked = await taskOf('audio', 'marengo3.5', { segmentation: { temporal: dynamic(4) } });
  expect(asked.body.data?.[0]).toMatchObject({ start_sec: 0, end_sec: 4 });
});

test('a shorter vector is the beginning of the whole one, and the create says how long it is', async () => {
  const created = await asTask('video', 'marengo3.5', { embedding_dimension: 256 });
  expect(created.body).toMatchObject({ status: 'processing', data: null, metadata: { embedding_dimension: 256 } });
  const short = (await taskOf('video', 'marengo3.5', { embedding_dimension: 256 })).body.data?.[0];
  const whole = (await taskOf('video', 'marengo3.5')).body.data?.[0];
  const { embedding } = whole as { embedding: number[] };
  expect(short?.embedding).toEqual(embedding.slice(0, 256));
});

test('an uncertainty stands beside each embedding where it was asked for', async () => {
  const sure = await taskOf('video', 'marengo3.5', { embedding_uncertainty: true });
  expect(sure.body.data?.[0]).toMatchObject({ embedding_uncertainty: expect.any(Number) });
  expect((await taskOf('video', 'marengo3.5')).body.data?.[0]).not.toHaveProperty('embedding_uncertainty');
});

test('an image says what was embedded with marengo3.5, and not with marengo3.0', async () => {
  const times = { start_sec: null, end_sec: null };
  const later = await taskOf('image', 'marengo3.5');
  expect(later.body.data).toMatchObject([{ embedding_option: 'visual', embedding_scope: 'asset', ...times }]);
  const sooner = await atOnce('image', 'marengo3.0');
  expect(sooner.body.data).toMatchObject([{ embedding_option: null, embedding_scope: null, ...times }]);
});

test('the list of tasks has other names than a task', async () => {
  await asTask('video', 'marengo3.0');
  await asTask('audio', 'marengo3.0');
  const { body } = await api.call('GET', '/embed-v2/tasks?page_limit=2');
  expect(body.data).toMatchObject([
    {
      audio_embedding: {
        metadata: { audio_embedding_options: ['audio', 'transcription'], audio_embedding_scopes: ['clip', 'asset'] },
      },
    },
    { video_embedding: { metadata: { video_clip_length: 4, video_embedding_scope: ['clip', 'asset'] } } },
  ]);
  expect(body.data?.[0]?.audio_embedding).not.toMatchObject({ metadata: { embedding_options: expect.anything() } });
});

test('the list of tasks goes back seven days, unless it is asked to go further', async () => {
  const before = (await api.call('GET', '/embed-v2/tasks')).body.page_info;
  expect(before).toMatchObject({ total_results: expect.any(Number) });
  await api.control.advanceClock(8 * 24 * 3_600_000);
  expect((await api.call('GET', '/embed-v2/tasks')).body.data).toEqual([]);
  const old = await api.call('GET', '/embed-v2/tasks?started_at=2020-01-01T00:00:00Z');
  expect(old.body.page_info).toEqual(before);
});

test.each(['no-id', 'f'.repeat(24)])('a task with the id %s is not found, in the nested shape', async (id) => {
  expect(await api.call('GET', `/embed-v2/tasks/${id}`)).toMatchObject({
    status: 404,
    body: { error: { code: 'resource_not_exist' } },
  });
});

test('the list of tasks refuses a status that the document has not, in the flat shape', async () => {
  expect(await api.call('GET', '/embed-v2/tasks?status=done')).toMatchObject({
    status: 400,
    body: { code: 'parameter_invalid' },
  });
});

function dynamic(seconds: number) {
  return { strategy: 'dynamic', dynamic: { min_duration_sec: seconds } };
}
function fixed(seconds: number) {
  return { strategy: 'fixed', fixed: { duration_sec: seconds } };
}
