import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import fc from 'fast-check';
import { programOf } from '../../../src/cli/program';
import type { CliResult } from '../../support/cli';
import { cliInProcess } from '../../support/cli-in-process';
import { refusingServer, type RefusingServer } from '../../support/servers/grpc-refusals';

jest.setTimeout(120_000);

/** Every command with every flag it has, so that new ones are thrown at as well. */
const COMMANDS = new Map<string, string[]>();
function collect(command: Command, name: string[]): void {
  const flags = command.options.flatMap(({ long }) => long ?? []);
  if (command.commands.length === 0) COMMANDS.set(name.join(' '), flags);
  for (const child of command.commands) collect(child, [...name, child.name()]);
}
collect(programOf(), []);

const home = process.cwd();
const environment = { ...process.env };
let server: RefusingServer;
let folder: string;
beforeAll(async () => {
  server = await refusingServer();
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-any-'));
  process.chdir(folder); // folders that a command makes stay here
  Object.assign(process.env, {
    TEMPORAL_ADDRESS: server.address,
    TWELVELABS_BASE_URL: 'http://127.0.0.1:1/v1.3',
    TWELVE_LABS_API_KEY: 'tlk_ANYSECRET',
  });
});
afterAll(async () => {
  process.chdir(home);
  process.env = environment;
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Anything that can be typed, but no path that leads out of this folder. */
const typed = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.integer({ min: -2, max: 70_000 }).map(String),
    fc.webUrl({ withQueryParameters: true }),
    fc.constantFrom(
      'http://[::1',
      'http://a b',
      's3://b',
      's3://bucket/k',
      'embed',
      'index',
      '10m',
      '1e9',
      '\u001b[2J',
      '\ufffd',
    ),
  )
  .filter((text) => !/^\/|\.\.|\0/.test(text));

const call = fc.constantFrom(...COMMANDS.keys()).chain((command) => {
  const flags = [...(COMMANDS.get(command) ?? []), '--colour'];
  const flag = fc.constantFrom(...flags);
  const word = fc.oneof(
    typed,
    flag,
    fc.tuple(flag, typed).map(([name, value]) => `${name}=${value}`),
  );
  return fc.array(word, { maxLength: 5 }).map((words) => [...command.split(' '), ...words]);
});

/** Codes that the SDK does not try again. */
const code = fc.constantFrom(3, 5, 6, 7, 9, 12, 16);

// oxlint-disable-next-line no-control-regex -- raw control characters are what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** A flag that takes a value takes the next word, also `--json`. */
const asksForJson = (args: readonly string[]): boolean =>
  args.some((word, at) => word === '--json' && !args[at - 1]?.startsWith('--'));

function expectOneCleanEnd(args: readonly string[], { code: exit, stdout, stderr }: CliResult): void {
  expect([0, 1, 2, 3]).toContain(exit);
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
  expect(stdout + stderr).not.toMatch(RAW);
  expect(stdout + stderr).not.toContain('tlk_ANYSECRET');
  // refusals of single files, keys or assets are output of check, of assets delete and of --json
  const tellsEach = args[0] === 'check' || (args[0] === 'assets' && args[1] === 'delete');
  const refusals = tellsEach || args.includes('--json') ? stdout + stderr : stderr;
  if (exit !== 0) expect(refusals).not.toBe('');
  if (asksForJson(args) && !args.some((word) => /^(-h|--help|help|--version|-V)/.test(word))) {
    for (const line of stdout.split('\n').filter(Boolean)) expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
}

test('knows all commands', () => {
  expect([...COMMANDS.keys()]).toEqual(
    expect.arrayContaining(['demo', 'dev', 'worker', 'start', 'assets list', 'setup']),
  );
  expect(COMMANDS.get('start')).toContain('--allow-signed-url');
});

test('whatever is typed, every command ends with a code from 0 to 3, without a stack trace', async () => {
  await fc.assert(
    fc.asyncProperty(call, code, async (args, grpc) => {
      Object.assign(server.answer, { code: grpc, message: 'refused \u001b[31m by the server' });
      expectOneCleanEnd(args, await cliInProcess(args));
    }),
    { numRuns: 250, endOnFailure: true },
  );
});

const source = fc.oneof(
  fc.record({ type: fc.constant('url'), url: fc.oneof(fc.webUrl(), fc.string({ unit: 'binary' }), typed) }),
  fc.record({ type: fc.constantFrom('asset', 'file', 's3', 'url', 'ftp'), assetId: typed, path: typed, url: typed }),
  fc.jsonValue(),
);
const input = fc.record(
  {
    source,
    key: fc.oneof(fc.string({ unit: 'binary' }), fc.constant(null)),
    metadata: fc.jsonValue(),
    branch: fc.oneof(
      fc.record({ type: fc.constantFrom('embed', 'index'), indexId: typed, model: typed }),
      fc.jsonValue(),
    ),
    deadlines: fc.jsonValue(),
    cleanup: fc.jsonValue(),
    upload: fc.jsonValue(),
  },
  { requiredKeys: ['source'] },
);

test('whatever an input holds, start ends in one line without repeating a signature', async () => {
  Object.assign(server.answer, { code: 7, message: 'Request unauthorized.' });
  await fc.assert(
    fc.asyncProperty(fc.oneof(input, fc.jsonValue()), async (value) => {
      const args = ['start', '--json', `--input=${JSON.stringify(value)}`];
      const result = await cliInProcess(args);
      expectOneCleanEnd(args, result);
      expect(result.code).toBe(2);
      expect(result.stdout).toBe('');
    }),
    { numRuns: 250, endOnFailure: true },
  );
});
