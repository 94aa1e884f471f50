import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StoreContents } from '../../../../emulator/twelvelabs/store/store';
import { HOUR_MS, KIB, patterned, putTo, Uploader, type Session } from '../../../support/servers/upload-session';

const CLIP = path.resolve(__dirname, '../../../../samples/clip.mp4');
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

let folder: string;
let clip: Buffer;
const running: Uploader[] = [];
beforeAll(async () => {
  clip = await readFile(CLIP);
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'emulator-uploads-'));
});
afterEach(async () => {
  for (const uploader of running.splice(0)) await uploader.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Parameters<typeof Uploader.start>[0] = {}): Promise<Uploader> {
  const uploader = await Uploader.start({ stateFolder: folder, uploads: { chunkBytes: 64 * KIB }, ...options });
  running.push(uploader);
  return uploader;
}

const stop = async (): Promise<void> => running.pop()?.close();
async function partsOnDisk(): Promise<string[]> {
  try {
    const names = await readdir(path.join(folder, 'parts'), { recursive: true });
    return names.filter((name) => name.includes(path.sep));
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    return partsOnDisk(); // a session's folder was removed while it was listed
  }
}

describe('with a state folder', () => {
  test('a session, its parts and what its URLs are good for survive a restart', async () => {
    const before = await start();
    const storePort = Number(new URL(before.emulator.storeUrl).port);
    const session = await before.session({ total_size: clip.byteLength, user_metadata: { project: 'demo' } });
    const kept = [await before.put(session, clip, 1)];
    await before.report(session, kept);
    const bytes = clip.subarray(64 * KIB, 128 * KIB);
    const used = session.upload_urls[1]?.url ?? '';
    expect((await putTo(used, bytes)).status).toBe(200);
    const state = await before.control.state();
    await stop();

    const after = await start({ storePort });
    expect(await after.control.state()).toEqual(state);
    expect((await putTo(used, bytes)).status).toBe(403);
    for (let index = 2; index <= session.total_chunks; index++) {
      await after.report(session, [await after.put(session, clip, index)]);
    }
    const asset = (await after.control.state()).assets[0];
    expect(asset).toMatchObject({
      status: 'ready',
      sha256: sha256(clip).toString('hex'),
      user_metadata: { project: 'demo' },
    });
    expect(await after.asset(session.asset_id)).toMatchObject({ file_type: 'video/mp4', size: clip.byteLength });
  });

  test.each([
    ['there', 'ready', (name: string) => name],
    ['gone', 'failed', (name: string) => `not-${name}`],
  ])(
    'a look that a stop broke off is taken up again: its parts are %s, its asset %s',
    async (_what, status, nameOf) => {
      const before = await start();
      const session = await before.session({ total_size: clip.byteLength });
      for (let index = 1; index <= session.total_chunks; index++) await before.put(session, clip, index);
      await stop();
      const file = path.join(folder, 'twelvelabs-emulator.json');
      const state = JSON.parse(await readFile(file, 'utf8')) as { contents: StoreContents };
      for (const upload of state.contents.uploads) {
        upload.completedAt = upload.updatedAt;
        for (const part of Object.values(upload.parts)) part.file = nameOf(part.file ?? '');
      }
      for (const asset of state.contents.assets) asset.progress = { startedAt: 0, endsAt: null };
      await writeFile(file, JSON.stringify(state));
      const after = await start();
      let asset = await after.asset(session.asset_id);
      while (asset.status === 'processing') asset = await after.asset(session.asset_id);
      expect(asset).toMatchObject({ status });
    },
  );

  test('a state file from before there were sessions loads', async () => {
    await start();
    await stop();
    const file = path.join(folder, 'twelvelabs-emulator.json');
    const contents = { media: [], assets: [], embedTasks: [], collections: [], entities: [], indexes: [] };
    await writeFile(file, JSON.stringify({ version: 1, advancedMs: 0, contents: { ...contents, indexedAssets: [] } }));
    expect((await (await start()).control.state()).uploads).toEqual([]);
  });

  test('parts leave the disk when their session ends', async () => {
    const uploader = await start();
    const done = await uploader.upload(clip);
    const put = async (): Promise<Session> => {
      const session = await uploader.session({ total_size: clip.byteLength });
      await uploader.put(session, clip, 1);
      return session;
    };
    const [failed, deleted, expired] = [await put(), await put(), await put()];
    await uploader.control.fail(failed.upload_id, 'by hand');
    await uploader.call('DELETE', `/assets/${deleted.asset_id}`);
    while ((await partsOnDisk()).length > 1) await new Promise(setImmediate);
    expect(await partsOnDisk()).toEqual([expect.stringContaining(expired.upload_id)]);
    expect(await uploader.status(done)).toMatchObject({ status: 'completed' });
    await uploader.control.advanceClock(24 * HOUR_MS);
    await stop();
    await start();
    expect(await partsOnDisk()).toEqual([]);
  });

  test('a part that is replaced leaves one file', async () => {
    const uploader = await start();
    const session = await uploader.session({ total_size: clip.byteLength });
    for (let count = 0; count < 3; count++) await uploader.put(session, clip, 1);
    while ((await partsOnDisk()).length > 1) await new Promise(setImmediate);
    expect(await partsOnDisk()).toHaveLength(1);
  });
});

describe('where bytes are only hashed', () => {
  const uploads = { chunkBytes: 64 * KIB, partBytes: 'hash' } as const;

  test('nothing is on disk, and the content has the hash over the hashes of its parts', async () => {
    const content = patterned(150 * KIB);
    const uploader = await start({ uploads });
    const session = await uploader.session({ total_size: content.byteLength, filename: 'film.mov' });
    const chunks = [];
    for (const index of [3, 1, 2]) {
      expect((await uploader.control.state()).uploads[0]).not.toHaveProperty('partsSha256');
      chunks.push(await uploader.put(session, content, index));
    }
    await uploader.report(session, chunks);
    expect(await partsOnDisk()).toEqual([]);
    const digests = [0, 1, 2].map((at) => sha256(content.subarray(at * 64 * KIB, (at + 1) * 64 * KIB)));
    const expected = sha256(Buffer.concat(digests)).toString('hex');
    const state = await uploader.control.state();
    expect(state.uploads[0]).toMatchObject({ status: 'completed', partsSha256: expected });
    expect(state.assets[0]).toMatchObject({ status: 'ready', sha256: expected });
    expect(await uploader.asset(session.asset_id)).toMatchObject({
      file_type: 'video/quicktime',
      size: content.byteLength,
      duration: 10,
    });
  });

  test.each([
    ['video', 'film.bin', 'video/mp4', 20_000_000, 20],
    ['audio', 'song.flac', 'audio/flac', 1_600_000, 100],
    ['image', 'face.png', 'image/png', 1000, undefined],
  ])('%s is taken for what the create says it is (%s)', async (type, filename, fileType, size, duration) => {
    const uploader = await start({ uploads: { ...uploads, chunkBytes: null } });
    const content = Buffer.alloc(size);
    const session = await uploader.upload(content, { type, filename });
    const asset = await uploader.asset(session.asset_id);
    expect([asset.status, asset.file_type, asset.duration]).toEqual(['ready', fileType, duration]);
  });

  test('its duration can be set', async () => {
    const uploader = await start({ uploads: { ...uploads, hashedDurationSec: 77 } });
    const { asset_id } = await uploader.upload(patterned(KIB));
    expect(await uploader.asset(asset_id)).toMatchObject({ duration: 77 });
    expect(await uploader.control.uploadSettings()).toMatchObject({ partBytes: 'hash', singleUse: true });
    await expect(uploader.control.setUploads({ partBytes: 'cloud' as never })).rejects.toThrow(/400/);
  });
});
