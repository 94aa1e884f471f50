import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { branchesOf, type LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { cli, inherited } from '../support/cli';
import { SECRET_KEY } from '../support/servers/vi-emulator';
import { SAMPLES } from '../support/system/system';
import { testTools } from '../support/system/test-tools';
import { freePort } from '../support/system/free-port';

jest.setTimeout(180_000);
const MAIN = path.resolve(__dirname, '../../dist/src/cli/main.js');
const environment = { TEMPORAL_CLI_PATH: testTools().temporalCli };

let folder: string;
let running: ChildProcess | undefined;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-dev-'));
});
afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts `dev` and gives its ready lines, the last of which is "ready". */
async function dev(ports: string[]): Promise<string[]> {
  const child = spawn(process.execPath, [MAIN, 'dev', '--state', path.join(folder, 'state'), ...ports], {
    cwd: SAMPLES,
    env: { ...inherited(), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = child;
  const lines: string[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    lines.push(...chunk.toString().trim().split('\n'));
    if (lines.at(-1) === 'ready') return lines;
  }
  throw new Error(`dev ended: ${lines.join('\n')}`);
}

async function stop(): Promise<void> {
  if (!running || running.exitCode !== null) return;
  const exited = once(running, 'exit');
  running.kill('SIGINT');
  await exited;
}

test('demo takes the samples through every branch of both providers and exits with 0', async () => {
  const { code, stdout } = await cli(['demo', '--json'], environment);
  expect(code).toBe(0);
  const outcomes = JSON.parse(stdout) as { status: LifecycleStatus; link: string }[];
  const at = (provider: string) => outcomes.filter(({ status }) => status.provider === provider);
  expect([at('twelvelabs').length, at('datature-vi').length, outcomes.length]).toEqual([8, 3, 11]);
  expect(new Set(at('twelvelabs').map(({ status }) => status.branch?.type))).toEqual(
    new Set(['embed', 'entity', 'index']),
  );
  for (const { status, link } of outcomes) {
    expect(status.outcome).toBe('completed');
    for (const one of branchesOf(status)) expect(one.status).toBe('ready');
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\//);
  }
});

test('dev stays up, says what is ready, and keeps its state over a restart', async () => {
  const [temporal, ui, emulator] = [await freePort(), await freePort(), await freePort()];
  const ports = [`--temporal-port=${temporal}`, `--ui-port=${ui}`, `--emulator-port=${emulator}`];
  const lines = await dev(ports);
  expect(lines.map((line) => line.split(' ready')[0])).toEqual([
    'Temporal',
    'Temporal Web',
    'TwelveLabs emulator',
    'Datature Vi emulator',
    'worker',
    'ready',
  ]);

  const busy = await cli(['dev', '--state', path.join(folder, 'other'), ...ports], environment);
  expect(busy).toMatchObject({
    code: 3,
    stderr: `error: port ${temporal} is in use; choose another with --temporal-port\n`,
  });

  const at = { TEMPORAL_ADDRESS: `127.0.0.1:${temporal}`, TWELVELABS_BASE_URL: `http://127.0.0.1:${emulator}/v1.3` };
  const clip = path.join(SAMPLES, 'clip.mp4');
  const started = await cli(['start', clip, '--key', 'kept', '--branch', 'embed', '--wait', '--json'], at);
  expect(started.code).toBe(0);
  const status = JSON.parse(started.stdout) as LifecycleStatus;
  const dataset = ['--provider', 'datature-vi', '--dataset', 'demo'];
  const image = path.join(SAMPLES, 'portrait-1.jpg');
  const inDataset = await cli(['start', image, '--key', 'kept too', ...dataset, '--wait', '--json'], at);
  expect(inDataset.code).toBe(0);
  await stop();
  expect(running?.exitCode).toBe(0);

  await dev(ports);
  expect(JSON.parse((await cli(['status', 'kept', '--json'], at)).stdout)).toEqual(status);
  const statusInDataset = await cli(['status', 'kept too', '--provider', 'datature-vi', '--json'], at);
  expect(statusInDataset.stdout).toBe(inDataset.stdout);
  const vi = {
    DATATURE_VI_API_ENDPOINT: `http://127.0.0.1:${emulator + 2}`,
    DATATURE_VI_SECRET_KEY: SECRET_KEY,
    DATATURE_VI_ORGANIZATION_ID: 'any',
  };
  const listed = await cli(['assets', 'list', ...dataset, '--json'], vi);
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { id: (JSON.parse(inDataset.stdout) as LifecycleStatus).asset?.id, filename: 'portrait-1.jpg' },
  ]);
  const asset = await cli(['assets', 'get', status.asset?.id ?? '', '--json'], at);
  expect(JSON.parse(asset.stdout)).toMatchObject({ id: status.asset?.id, status: 'ready' });
});
