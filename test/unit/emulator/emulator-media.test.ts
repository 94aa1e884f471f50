import { adtsAac, animatedGif, animatedPng, animatedWebp, liveMatroska } from '../../support/media/media-bytes';
import { ProviderApi } from '../../support/servers/provider-api';

let api: ProviderApi;
beforeAll(async () => (api = await ProviderApi.start()));
afterAll(() => api.close());

const assetOf = async (bytes: Buffer, filename: string) => {
  const id = await api.uploadBytes(bytes, filename);
  return (await api.call('GET', `/assets/${id}`)).body;
};

test.each([
  ['a WebM file of a browser', liveMatroska('webm', 6), 'talk.webm', 'video/webm', 6],
  ['a Matroska file', liveMatroska('matroska', 6), 'talk.mkv', 'video/x-matroska', 6],
  ['an ADTS AAC file', adtsAac(431), 'talk.aac', 'audio/aac', (431 * 1024) / 44_100],
])('%s without a stored duration is good, and its duration is measured', async (_what, bytes, name, type, seconds) => {
  const asset = await assetOf(bytes, name);
  expect(asset).toMatchObject({ status: 'ready', file_type: type });
  expect(asset.duration).toBeCloseTo(seconds, 1);
});

test('a measured duration counts for the limits of embeddings', async () => {
  const embed = async (seconds: number) => {
    const id = await api.uploadBytes(liveMatroska('webm', seconds), 'talk.webm');
    const video = { media_source: { asset_id: id } };
    return api.call('POST', '/embed-v2/tasks', { input_type: 'video', model_name: 'marengo3.0', video });
  };
  expect((await embed(6)).status).toBe(202);
  expect((await embed(2)).body).toMatchObject({ error: { code: 'video_duration_too_short' } });
});

test.each([
  ['PNG', animatedPng(256, 3), 'image/png'],
  ['WebP', animatedWebp(256, 3), 'image/webp'],
  ['GIF', animatedGif(256, 3), 'image/gif'],
])('an animated %s is an image', async (format, bytes, type) => {
  const asset = await assetOf(bytes, `dance.${format.toLowerCase()}`);
  expect(asset).toMatchObject({ status: 'ready', file_type: type });
  expect(asset.technical_metadata).toMatchObject({ image_width: 256, image_height: 256 });
  expect(asset).not.toHaveProperty('duration');
});

test('an animated PNG says that it moves, and a still one that it does not', async () => {
  const moves = async (frames: number) => (await assetOf(animatedPng(128, frames), 'a.png')).technical_metadata;
  expect(await moves(3)).toMatchObject({ is_animated: true, image_format: 'png' });
  expect(await moves(1)).toMatchObject({ image_format: 'png' });
});

test('a file that breaks off in the middle of an element is measured as far as it goes', async () => {
  const whole = liveMatroska('webm', 6);
  const asset = await assetOf(whole.subarray(0, whole.length - 100), 'talk.webm');
  expect(asset.status).toBe('ready');
  expect(asset.duration as number).toBeGreaterThan(4);
});
