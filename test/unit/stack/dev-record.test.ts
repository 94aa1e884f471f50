import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { claimFolder } from '../../../src/stack/dev/claim-folder';
import { surroundings } from '../../../src/stack/dev/beside-dev';
import type { DevRecord, Served } from '../../../src/stack/dev/dev-record';
import { ProgramUnavailable } from '../../../src/stack/programs';
import { declarationOf, type Registry } from '../../../src/providers/registry';

let folder: string;
let server: Server;
let served: Served;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-beside-'));
  server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  served = {
    temporal: { address: `127.0.0.1:${port}`, namespace: 'default' },
    emulators: { twelvelabs: 'http://127.0.0.1:18090' },
    results: '/state/results',
  };
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const state = (): string => path.join(folder, '.asset-lifecycle');
const file = (where = state()): string => path.join(where, 'dev.json');
/** A process that lives as long as this one, and is not this one. */
const OTHER_PID = process.ppid;
const NO_PID = 2 ** 22 + 1; // above the highest that Linux gives

/** Writes the record of another dev. */
async function recordOf(changes: Partial<Record<keyof DevRecord, unknown>> = {}, where = state()): Promise<void> {
  await mkdir(where, { recursive: true });
  const record = { pid: OTHER_PID, startedAt: new Date().toISOString(), served, ...changes };
  await writeFile(file(where), JSON.stringify(record));
}

const closed = async (): Promise<void> => {
  server.close();
  await once(server, 'close');
};

describe('a folder of a dev', () => {
  test('tells what is served once it is ready, holds no secret, and is empty again at the end', async () => {
    const claim = await claimFolder(state(), folder);
    expect(JSON.parse(await readFile(file(), 'utf8'))).not.toHaveProperty('served');
    expect(await claim.publish(served)).toBeUndefined();
    expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual({
      pid: process.pid,
      startedAt: expect.any(String),
      served,
    });
    expect(await readdir(state())).toEqual(['dev.json']); // nothing half-written is left
    await claim.release();
    expect(existsSync(state())).toBe(false);
  });

  test('is refused to a second dev, which says whose it is', async () => {
    await recordOf();
    const second = claimFolder(state(), folder);
    await expect(second).rejects.toThrow(ProgramUnavailable);
    await expect(second).rejects.toThrow(
      `already (process ${OTHER_PID}, Temporal ${served.temporal?.address}); stop it, or give this one its own --state`,
    );
    expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ pid: OTHER_PID });
  });

  test('is refused while another dev is still starting, however long its build takes', async () => {
    await recordOf({ served: undefined, startedAt: new Date(Date.now() - 7 * 60_000).toISOString() });
    await expect(claimFolder(state(), folder)).rejects.toThrow('a dev runs on');
  });

  test.each<[string, Partial<Record<keyof DevRecord, unknown>>]>([
    ['whose process is gone', { pid: NO_PID }],
    ['of this same process id, as in a container', { pid: process.pid }],
    ['that never got ready', { served: undefined, startedAt: '2026-01-01T00:00:00Z' }],
    ['that cannot be read', { pid: 'x' }],
  ])('is taken over from a dev %s', async (_which, changes) => {
    await recordOf(changes);
    const claim = await claimFolder(state(), folder);
    expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ pid: process.pid });
    await claim.release();
  });

  test('is taken over from a dev whose process id somebody else has now', async () => {
    await recordOf();
    await closed();
    await (await claimFolder(state(), folder)).release();
  });

  test('elsewhere: commands still find it in the current folder, where nothing is left', async () => {
    const elsewhere = path.join(folder, 'elsewhere');
    const claim = await claimFolder(elsewhere, folder);
    await claim.publish(served);
    expect(await readFile(file(), 'utf8')).toBe(await readFile(file(elsewhere), 'utf8'));
    await claim.release();
    expect(await readdir(elsewhere)).toEqual([]);
    expect(existsSync(state())).toBe(false);
  });

  test('elsewhere: the dev that was first in the current folder stays the one that commands find', async () => {
    await recordOf();
    const claim = await claimFolder(path.join(folder, 'elsewhere'), folder);
    expect(await claim.publish(served)).toBe(
      `commands in this folder find the dev of process ${OTHER_PID}, which was here first`,
    );
    await claim.release();
    expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ pid: OTHER_PID });
  });

  test('elsewhere: a current folder that cannot be written to is told of, and stops nothing', async () => {
    const current = path.join(folder, 'current');
    await writeFile(current, 'a file, where a folder is needed');
    const claim = await claimFolder(path.join(folder, 'elsewhere'), current);
    expect(await claim.publish(served)).toMatch(/^commands in this folder do not find this dev by themselves: /);
    await claim.release();
  });
});

describe('a command beside a dev', () => {
  const emulator = { TWELVELABS_BASE_URL: 'http://127.0.0.1:18090/v1.3', TWELVE_LABS_API_KEY: 'emulator' };

  test('finds its server and its provider, and says so in one line', async () => {
    await recordOf();
    const address = served.temporal?.address;
    expect(await surroundings({}, 'temporal', { folder })).toEqual({
      environment: {},
      temporal: served.temporal,
      notice: `using the dev of this folder: TEMPORAL_ADDRESS=${address}`,
    });
    expect(await surroundings({ HOME: '/root' }, 'provider', { folder })).toEqual({
      environment: { HOME: '/root', ...emulator },
      notice: `using the dev of this folder: TWELVE_LABS_API_KEY=emulator TWELVELABS_BASE_URL=${emulator.TWELVELABS_BASE_URL}`,
    });
    expect(await surroundings({}, 'worker', { folder })).toMatchObject({
      environment: { ...emulator, ASSET_LIFECYCLE_RESULTS: '/state/results' },
      temporal: served.temporal,
    });
  });

  test.each([
    ['TEMPORAL_ADDRESS', 'prod:7233'],
    ['TEMPORAL_PROFILE', 'prod'],
    ['TEMPORAL_CONFIG_FILE', 'prod.toml'],
  ])('keeps its own server where %s is set, and a worker then takes nothing', async (name, value) => {
    await recordOf();
    const environment = { [name]: value };
    for (const needs of ['temporal', 'worker'] as const) {
      expect(await surroundings(environment, needs, { folder })).toEqual({ environment });
    }
    expect((await surroundings(environment, 'provider', { folder })).environment).toMatchObject(emulator);
  });

  test('keeps a namespace, a base URL and a folder of results of its own, each by itself', async () => {
    await recordOf();
    const own = { TEMPORAL_NAMESPACE: 'shop', ASSET_LIFECYCLE_RESULTS: '/mine' };
    const found = await surroundings(own, 'worker', { folder });
    expect(found.temporal).toEqual({ ...served.temporal, namespace: 'shop' });
    expect(found.environment).toEqual({ ...own, ...emulator });
    const elsewhere = { TWELVELABS_BASE_URL: 'https://api.example.com', TWELVE_LABS_API_KEY: 'tlk_own' };
    expect((await surroundings(elsewhere, 'provider', { folder })).environment).toEqual(elsewhere);
  });

  test('never sends the user’s key to the emulator, nor the dev’s runs to the real account', async () => {
    await recordOf();
    const found = await surroundings({ TWELVE_LABS_API_KEY: 'tlk_SECRET' }, 'worker', { folder });
    expect(found.environment).toMatchObject(emulator);
    expect(JSON.stringify(found)).not.toContain('tlk_SECRET');
  });

  test('a worker of the dev’s own server takes its emulator, though it names the server', async () => {
    await recordOf();
    const own = { TEMPORAL_ADDRESS: served.temporal?.address };
    const found = await surroundings(own, 'worker', { folder });
    expect(found.temporal).toBeUndefined();
    expect(found.environment).toMatchObject({ ...own, ...emulator });
  });

  test('fits a second provider, whose emulator has a key of its own form', async () => {
    const other = {
      ...declarationOf('twelvelabs'),
      name: 'other',
      credentials: ['OTHER_KEY', 'OTHER_SECRET'],
      emulatorEnvironment: (origin: string) => ({ OTHER_ENDPOINT: origin, OTHER_KEY: 'emulator-key' }),
    } as const;
    const registry: Registry = [declarationOf('twelvelabs'), other];
    await recordOf({ served: { ...served, emulators: { ...served.emulators, other: 'http://127.0.0.1:18092' } } });
    expect((await surroundings({}, 'provider', { folder, registry })).environment).toEqual({
      ...emulator,
      OTHER_ENDPOINT: 'http://127.0.0.1:18092',
      OTHER_KEY: 'emulator-key',
      OTHER_SECRET: 'emulator',
    });
  });

  test('of two providers finds the one that a command talks to, and shows no long key', async () => {
    const emulators = { ...served.emulators, 'datature-vi': 'http://127.0.0.1:18092' };
    await recordOf({ served: { ...served, emulators } });
    const { environment, notice } = await surroundings({}, 'provider', { folder, provider: 'datature-vi' });
    expect(environment).toEqual({
      DATATURE_VI_API_ENDPOINT: 'http://127.0.0.1:18092',
      DATATURE_VI_SECRET_KEY: expect.stringMatching(/^dtvi_.{98}$/),
      DATATURE_VI_ORGANIZATION_ID: 'emulator',
    });
    expect(notice).toContain('DATATURE_VI_SECRET_KEY=dtvi_emulatoremulato… ');
    expect((await surroundings({}, 'worker', { folder })).environment).toMatchObject({ ...emulator, ...environment });
  });

  test.each<[string, () => Promise<void>]>([
    ['there is none', async () => {}],
    ['it is not ready yet', () => recordOf({ served: undefined })],
    ['its process is gone', () => recordOf({ pid: NO_PID })],
    ['its port does not answer', () => recordOf().then(closed)],
    ['the file is cut off', () => recordOf().then(() => writeFile(file(), '{"pid": 1'))],
    ['the file cannot be read', () => recordOf().then(() => rm(file()).then(() => mkdir(file())))],
    [
      'the file names a server on another machine',
      () => recordOf({ served: { ...served, temporal: { address: 'evil.example:7233', namespace: 'default' } } }),
    ],
    [
      'the file names an emulator on another machine',
      () => recordOf({ served: { ...served, emulators: { twelvelabs: 'http://127.0.0.1.evil.example:80' } } }),
    ],
  ])('takes nothing when %s', async (_why, prepare) => {
    await prepare();
    for (const needs of ['temporal', 'provider', 'worker'] as const) {
      expect(await surroundings({}, needs, { folder })).toEqual({ environment: {} });
    }
  });

  test('looks into its own folder only, not into those above', async () => {
    await recordOf();
    const below = path.join(folder, 'below');
    await mkdir(below);
    expect(await surroundings({}, 'temporal', { folder: below })).toEqual({ environment: {} });
  });
});
