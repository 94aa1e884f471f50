import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { copyAtRest } from '../support/media/files-at-rest';
import { cli, run } from '../support/cli';
import { MAIN, SAMPLES } from '../support/system/system';
import { freePort } from '../support/system/free-port';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(180_000);

/** Everything that Linux allows in a name and some program takes for something else. */
const ODD = `ha#sh ?a=1&b %41%2f 'q' "d" \\e;$HOME*~\nline-é`;

let folder: string;
let taken: Server;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-odd-'));
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
});
afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true, force: true });
});
const portOf = (server: Server): number => (server.address() as { port: number }).port;

/** A command whose reader has left before the first word. */
async function unread(
  args: string[],
  closed: ('stdout' | 'stderr')[],
  cwd?: string,
  environment: NodeJS.ProcessEnv = {},
) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TEMPORAL_CLI_PATH: testTools().temporalCli, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of closed) child[stream].destroy();
  let stderr = '';
  if (!closed.includes('stderr')) child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

describe('output into a pipe that nobody reads', () => {
  test('ends a command that prints with its own code, quietly', async () => {
    expect(await unread(['start', '--help'], ['stdout'])).toEqual({ code: 0, stderr: '' });
  });

  test('does not change the code of a mistake', async () => {
    expect(await unread(['start'], ['stdout', 'stderr'])).toMatchObject({ code: 2 });
  });

  test('ends the emulator, which would stay up, with 0', async () => {
    expect(await unread(['emulator', '--port', '0', '--json'], ['stdout'])).toEqual({ code: 0, stderr: '' });
  });

  test('ends dev with 0, and its parts with it', async () => {
    const ports = await freePorts();
    const { code, stderr } = await unread(
      ['dev', '--state', path.join(folder, 'unread'), ...ports],
      ['stdout'],
      SAMPLES,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'stopping …\n' });
    const again = createServer().listen(Number(ports[1]), '127.0.0.1');
    await once(again, 'listening'); // so the server has gone
    again.close();
  });
});

describe('ports', () => {
  const range = /must be a whole number from \d to 65535, not/;
  const TAKEN = '(taken)';
  test.each<[string[], number, RegExp]>([
    [['emulator', '--port', TAKEN], 3, /^error: port \d+ is in use; choose another with --port/],
    [
      ['emulator', '--port', '0', '--store-port', TAKEN],
      3,
      /^error: port \d+ is in use; choose another with .*--store-port/,
    ],
    [['dev', '--temporal-port', TAKEN], 3, /^error: port \d+ is in use; choose another with --temporal-port/],
    [['emulator', '--port', '65536'], 2, range],
    [['dev', '--ui-port', '0'], 2, range],
    [['dev', '--emulator-port', '99999999'], 2, range],
    [['dev', '--emulator-port', '7233'], 2, /^error: --emulator-port: 7233 is --temporal-port's port already/],
    [['emulator', '--port', '8090', '--store-port', '8090'], 2, /^error: --store-port: 8090 is --port's port already/],
    [['emulator', '--port', '0', '--host', '203.0.113.1'], 3, /^error: cannot listen at 203\.0\.113\.1/],
  ])('%j ends with %d and one line', async (args, expected, message) => {
    const given = args.map((word) => (word === TAKEN ? String(portOf(taken)) : word));
    const { code, stdout, stderr } = await cli(given, { TEMPORAL_CLI_PATH: testTools().temporalCli }, folder);
    expect(stderr).toMatch(message);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: expected, stdout: '', lines: 1 });
  });
});

describe('names', () => {
  test.each<[string, (at: string) => Promise<[string[], string?]>, RegExp]>([
    [
      'a state folder that is a file',
      async (at) => (await writeFile(path.join(at, 'file'), ''), [['emulator', '--state', path.join(at, 'file')]]),
      /EEXIST.*file/,
    ],
    ['a state folder without a name', async () => [['emulator', '--state', '']], /--state: must name a folder/],
    [
      'an emulator state that is none',
      async (at) => {
        await writeFile(path.join(at, 'twelvelabs-emulator.json'), '{"half":');
        return [['emulator', '--state', at]];
      },
      /state in .*twelvelabs-emulator\.json cannot be read/,
    ],
    [
      'a source root with the separator in its name',
      async (at) => (await mkdir(path.join(at, 'a:b')), [['dev'], path.join(at, 'a:b')]),
      /ASSET_LIFECYCLE_SOURCE_ROOTS: the name of .*a:b contains ":"/,
    ],
  ])('%s is refused by name', async (name, prepare, message) => {
    const at = path.join(folder, name.replaceAll(' ', '-'));
    await mkdir(at);
    const [args, cwd] = await prepare(at);
    const { code, stdout, stderr } = await cli(args, { TEMPORAL_CLI_PATH: testTools().temporalCli }, cwd);
    expect(stderr).toMatch(message);
    expect({ code: code === 2 || code === 3, stdout, lines: stderr.trim().split('\n').length }).toEqual({
      code: true,
      stdout: '',
      lines: 1,
    });
  });
});

/** What the command line ends with when a shell makes its words or its output. */
const shell = (words: string) => run('sh', ['-c', `exec "$0" "$1" ${words}`, process.execPath, MAIN], {}, folder);

test.each(['start', 'emulator --state'])('%s of a name that is not UTF-8 is refused by name', async (command) => {
  const { code, stderr } = await shell(`${command} "$(printf 'b\\377.mp4')"`);
  expect(stderr).toMatch(/^error: .*name is not valid UTF-8; rename/);
  expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
});

test('output that a full disk lost is told of in one line and exit code 2', async () => {
  const { code, stderr } = await shell('--help > /dev/full');
  expect(stderr).toMatch(/^error: the output could not be written: ENOSPC[^\n]*\n$/);
  expect(code).toBe(2);
});

describe('a stack whose folders have any name that Linux allows', () => {
  let root: string;
  let child: ChildProcess;
  let environment: NodeJS.ProcessEnv;
  beforeAll(async () => {
    root = path.join(folder, ODD);
    await mkdir(root);
    await copyAtRest(path.join(SAMPLES, 'clip.mp4'), path.join(root, `-${ODD}.mp4`));
    const ports = await freePorts();
    child = spawn(process.execPath, [MAIN, 'dev', '--state', ODD, '--processing-ms', '0', ...ports], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TEMPORAL_CLI_PATH: testTools().temporalCli },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await ready(child);
    environment = {
      TEMPORAL_ADDRESS: `127.0.0.1:${ports[1]}`,
      TWELVELABS_BASE_URL: `http://127.0.0.1:${ports[5]}/v1.3`,
      TWELVE_LABS_API_KEY: 'tlk_E2E0SECRET',
    };
  });
  afterAll(async () => {
    if (child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  });

  test('takes a file of any name through a branch, and writes nothing beside them', async () => {
    const args = ['start', '--branch', 'embed', '--wait', '--json', '--', `-${ODD}.mp4`];
    const { code, stdout, stderr } = await cli(args, environment, root);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { branch } = JSON.parse(stdout) as LifecycleStatus;
    const stored = fileURLToPath(branch?.result?.uri ?? '');
    expect(stored.startsWith(path.join(root, ODD, 'results'))).toBe(true);
    expect((await readFile(stored, 'utf8')).trim().split('\n')).toHaveLength(branch?.result?.count ?? -1);
    expect(await readdir(path.join(root, ODD))).toEqual(expect.arrayContaining(['emulator', 'results', 'temporal.db']));
    expect((await readdir(root)).toSorted()).toEqual([`-${ODD}.mp4`, '.asset-lifecycle', ODD].toSorted());
    expect(await readdir(path.join(root, '.asset-lifecycle'))).toEqual(['dev.json']); // by which commands find the dev
  });

  test('shows such a key without a raw control character', async () => {
    const { code, stdout } = await cli(['list'], environment, root);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test('a watch that nobody reads ends with 0 while the lifecycle goes on', async () => {
    const args = ['start', path.join(folder, 'of-another-host.mp4'), '--key', 'awaited'];
    const { code, stderr } = await cli(args, environment, root);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^warning: .*no such file on this/),
    });
    expect(await unread(['watch', 'awaited', '--json'], ['stdout'], root, environment)).toEqual({
      code: 0,
      stderr: '',
    });
    const { stdout } = await cli(['status', 'awaited', '--json'], environment, root);
    expect((JSON.parse(stdout) as LifecycleStatus).outcome).toBeUndefined();
    await cli(['cancel', 'awaited', '--wait'], environment, root);
  });

  test('a worker says that it is ready, and nothing else of its start', async () => {
    const worker = spawn(process.execPath, [MAIN, 'worker'], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment, ASSET_LIFECYCLE_SOURCE_ROOTS: root },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let said = '';
    worker.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('worker ready') && !worker.killed) worker.kill('SIGTERM'); // a second one ends it at once
    });
    const [code] = (await once(worker, 'close')) as [number | null];
    expect(code).toBe(0);
    expect(said).toMatch(/worker ready: Temporal /);
    expect(said).not.toMatch(/No workflows registered|\[(INFO|WARN)\]| WARN /);
    expect(said.trim().split('\n').length).toBeLessThanOrEqual(5);
  });

  test.each([['worker'], ['list'], ['status', 'k'], ['cancel', 'k'], ['sweep'], ['setup']])(
    '%s in a namespace that does not exist is one line and exit code 2',
    async (...args) => {
      const { code, stderr } = await cli(args, { ...environment, TEMPORAL_NAMESPACE: 'nowhere' }, root);
      expect(stderr).toMatch(/error: Temporal at .* has no namespace "nowhere"; set TEMPORAL_NAMESPACE/);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(code).toBe(2);
    },
  );

  test('a query that Temporal does not understand is one line and exit code 2', async () => {
    const { code, stderr } = await cli(['list', '--query', 'AssetKey LIKE ('], environment, root);
    expect(stderr).toMatch(/^error: Temporal at .* does not take this request: invalid query/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});

test('what a library tells its own users does not reach ours; a real warning does, in one line', async () => {
  const program = `
    require(${JSON.stringify(path.resolve(__dirname, '../../dist/src/cli/terminal.js'))}).showWarnings();
    const { S3Client } = require('@aws-sdk/client-s3');
    new S3Client({ region: 'us-east-1' });
    process.emitWarning('NodeVersionSupportWarning: The AWS SDK for JavaScript (v3)\\nwill require');
    process.emitWarning('the disk\\nis tired');`;
  const { code, stderr } = await run(process.execPath, ['-e', program], {}, path.resolve(__dirname, '../..'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'warning: Warning: the disk\\u000ais tired\n' });
});

/** Flags for the three ports of `dev`; the second word is Temporal's. */
async function freePorts(): Promise<string[]> {
  const flags: string[] = [];
  for (const flag of ['--temporal-port', '--ui-port', '--emulator-port']) flags.push(flag, String(await freePort()));
  return flags;
}

async function ready(child: ChildProcess): Promise<void> {
  let lines = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      lines += chunk.toString();
      if (/^ready$/m.test(lines)) resolve();
    });
    child.once('exit', () => reject(new Error(`dev ended: ${lines}`)));
  });
}
