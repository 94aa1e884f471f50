import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { copyAtRest } from '../support/media/files-at-rest';
import { cli, inherited, type CliResult } from '../support/cli';
import { MAIN, SAMPLES } from '../support/system/system';
import { testTools } from '../support/system/test-tools';
import { freePort } from '../support/system/free-port';

jest.setTimeout(180_000);
const environment = { TEMPORAL_CLI_PATH: testTools().temporalCli };
let folder: string;
let dev: ChildProcess;
let ports: { temporal: number; ui: number; emulator: number };

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-beside-')));
  for (const name of ['clip.mp4', 'portrait-1.jpg'])
    await copyAtRest(path.join(SAMPLES, name), path.join(folder, name));
  ports = { temporal: await freePort(), ui: await freePort(), emulator: await freePort() };
  dev = await startDev();
});
afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

const portFlags = (): string[] => [
  ...['--temporal-port', String(ports.temporal), '--ui-port', String(ports.ui)],
  ...['--emulator-port', String(ports.emulator)],
];

async function startDev(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'dev', ...portFlags(), '--processing-ms', '100'], {
    cwd: folder,
    env: { ...inherited(), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    if (chunk.toString().trimEnd().endsWith('ready')) return child;
  }
  throw new Error('dev ended');
}

async function stop(): Promise<void> {
  if (!dev || dev.exitCode !== null) return;
  const exited = once(dev, 'exit');
  dev.kill('SIGINT');
  await exited;
}

/** With nothing in the environment that says where server and provider are. */
const call = (args: string[], more: NodeJS.ProcessEnv = {}): Promise<CliResult> => cli(args, more, folder);
const file = (): string => path.join(folder, '.asset-lifecycle', 'dev.json');
const ofTemporal = (): string => `using the dev of this folder: TEMPORAL_ADDRESS=127.0.0.1:${ports.temporal}\n`;

test('every command finds the server and the provider of the dev in its folder, and says so', async () => {
  const started = await call(['start', 'clip.mp4', '--key', 'found', '--branch', 'embed', '--wait', '--json']);
  expect(started).toMatchObject({ code: 0, stderr: ofTemporal() });
  const status = JSON.parse(started.stdout) as LifecycleStatus;
  expect(status.outcome).toBe('completed');

  expect(JSON.parse((await call(['status', 'found', '--json'])).stdout)).toEqual(status);
  const commands = [
    ['watch', 'found'],
    ['list', '--key', 'found'],
    ['sweep', '--dry-run'],
    ['setup', '--check'],
    ['retry', '--failed', '--dry-run'],
    ['force-delete', 'found', '--wait'],
  ];
  for (const args of commands) {
    const answer = await call(args);
    expect([args[0], answer.code]).toEqual([args[0], 0]);
    expect(answer.stderr.startsWith(ofTemporal())).toBe(true);
  }
  expect(await call(['cancel', 'found'])).toMatchObject({ code: 1, stderr: expect.stringContaining('has ended') });

  const assets = await call(['assets', 'list', '--json'], { TWELVE_LABS_API_KEY: 'tlk_not_for_the_emulator' });
  expect(assets).toMatchObject({ code: 0, stdout: '[]\n' });
  expect(assets.stderr).toBe(
    'using the dev of this folder: TWELVE_LABS_API_KEY=emulator ' +
      `TWELVELABS_BASE_URL=http://127.0.0.1:${ports.emulator}/v1.3\n`,
  );
});

test('commands and lifecycles find the emulator of the second provider too', async () => {
  const vi = ['--provider', 'datature-vi', '--dataset', 'demo'];
  const started = await call(['start', 'portrait-1.jpg', ...vi, '--wait', '--json']);
  expect(started).toMatchObject({ code: 0, stderr: ofTemporal() });
  const { key, provider, asset } = JSON.parse(started.stdout) as LifecycleStatus;
  expect({ provider, name: asset?.filename }).toEqual({ provider: 'datature-vi', name: 'portrait-1.jpg' });
  expect(key.startsWith('demo-')).toBe(true);

  const listed = await call(['assets', 'list', ...vi, '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id: asset?.id, filename: 'portrait-1.jpg', status: 'ready' }]);
  expect(listed.stderr).toBe(
    `using the dev of this folder: DATATURE_VI_SECRET_KEY=dtvi_emulatoremulato… DATATURE_VI_ORGANIZATION_ID=emulator ` +
      `DATATURE_VI_API_ENDPOINT=http://127.0.0.1:${ports.emulator + 2}\n`,
  );
  const deleted = await call(['force-delete', key, '--provider', 'datature-vi', '--wait', '--json']);
  expect(deleted.code).toBe(0);
  expect(JSON.parse((await call(['assets', 'list', ...vi, '--json'])).stdout)).toEqual([]);
});

test('a worker beside it joins its server and its emulators', async () => {
  const worker = spawn(process.execPath, [MAIN, 'worker', '--json'], {
    cwd: folder,
    env: inherited(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let printed = '';
  for await (const chunk of worker.stdout as AsyncIterable<Buffer>) {
    printed += chunk.toString();
    if (printed.includes('\n')) break;
  }
  const exited = once(worker, 'exit');
  worker.kill('SIGTERM');
  await exited;
  expect(JSON.parse(printed)).toEqual({
    ready: 'worker',
    temporal: `127.0.0.1:${ports.temporal}`,
    providers: {
      twelvelabs: `http://127.0.0.1:${ports.emulator}/v1.3`,
      'datature-vi': `http://127.0.0.1:${ports.emulator + 2}`,
    },
    notServed: {},
  });
});

test('what is set wins: another address is asked, and nothing is said of the dev', async () => {
  expect(await call(['status', 'found'], { TEMPORAL_ADDRESS: '127.0.0.1:1' })).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^error: no Temporal server answers at 127\.0\.0\.1:1 /),
  });
  const nowhere = { TWELVELABS_BASE_URL: 'http://127.0.0.1:1/v1.3' };
  expect(await call(['assets', 'list'], nowhere)).toMatchObject({ code: 2, stdout: '' });
  expect(await call(['status', 'found'], { TEMPORAL_NAMESPACE: 'absent' })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`Temporal at 127.0.0.1:${ports.temporal} has no namespace "absent"`),
  });
});

test('in another folder nothing of it is found', async () => {
  const answer = await cli(['assets', 'list'], {}, tmpdir());
  expect(answer).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: TWELVE_LABS_API_KEY: not set/) });
});

test('a second dev on the same state is refused; at its end a dev takes its file away', async () => {
  const others = ['--temporal-port', '1', '--ui-port', '2', '--emulator-port', '3'];
  expect(await call(['dev', ...others], environment)).toEqual({
    code: 3,
    stdout: '',
    stderr:
      `error: a dev runs on ${path.join(folder, '.asset-lifecycle')} already (process ${dev.pid}, Temporal ` +
      `127.0.0.1:${ports.temporal}); stop it, or give this one its own --state and ports\n`,
  });
  expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ pid: dev.pid });
  await stop();
  expect(dev.exitCode).toBe(0);
  expect(existsSync(file())).toBe(false);
});
