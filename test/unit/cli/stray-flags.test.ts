import path from 'node:path';
import { cliInProcess } from '../../support/cli-in-process';

const JPG = path.resolve('samples/portrait-1.jpg');
const INPUT = '{"source":{"type":"asset","assetId":"a"}}';

test.each<[string[], string]>([
  [['--index', 'i1'], '--index: goes with --branch index'],
  [['--branch', 'embed', '--index', 'i1'], '--index: goes with --branch index'],
  [['--model', 'marengo3.0'], '--model: goes with --branch embed'],
  [['--scopes', 'clip', '--branch', 'none'], '--scopes: goes with --branch embed'],
  [['--video-stream'], '--video-stream: goes with --branch index'],
  [
    ['--branch', '{"type":"index","indexId":"i1"}', '--video-stream'],
    '--video-stream: goes with --branch index; a branch as JSON has all of its fields there',
  ],
  [['--dataset', 'demo'], '--dataset: goes with --provider datature-vi'],
  [['--provider', 'twelvelabs', '--dataset', 'demo'], '--dataset: goes with --provider datature-vi'],
  [['--on-asset-overwritten', 'KeepLinkedResource'], '--on-asset-overwritten: goes with --provider datature-vi'],
  [['--provider', 'datature-vi', '--dataset', 'demo', '--hls'], '--hls: goes with --provider twelvelabs'],
  [
    ['--provider', 'datature-vi', '--dataset', 'demo', '--branch', 'index', '--index', 'i1'],
    '--index: goes with --provider twelvelabs',
  ],
])('start and check refuse %j, and name what the flag goes with', async (flags, because) => {
  for (const command of ['start', 'check']) {
    expect(await cliInProcess([command, JPG, ...flags])).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${because}\n`,
    });
  }
});

test.each<[string[], string]>([
  [['--key', 'k'], '--key: say it in the input that is given as JSON'],
  [['--provider', 'twelvelabs'], '--provider: say it in the input that is given as JSON'],
  [['--branch', 'embed'], '--branch: say it in the input that is given as JSON'],
  [['--dataset', 'demo'], '--dataset: say it in the input that is given as JSON'],
  [['--no-preflight'], '--no-preflight: say it in the input that is given as JSON'],
  [['--on-cancel', 'keep'], '--on-cancel: say it in the input that is given as JSON'],
  [['--input-file', 'x.json'], 'give either --input or --input-file'],
])('start refuses %j beside a whole input', async (flags, because) => {
  const answer = await cliInProcess(['start', '--input', INPUT, ...flags]);
  expect(answer).toEqual({ code: 2, stdout: '', stderr: `error: ${because}\n` });
});

test.each<[string[], string]>([
  [['k', '--branch', 'embed', '--index', 'i1'], '--index: goes with --branch index'],
  [
    ['--failed', '--branch', 'index', '--index', 'i1'],
    '--index: goes with <key...> and --branch, which it says more of',
  ],
  [
    ['k', '--provider', 'datature-vi', '--branch', 'index', '--index', 'i1'],
    '--index: goes with --provider twelvelabs',
  ],
])('retry refuses %j', async (flags, because) => {
  expect(await cliInProcess(['retry', ...flags])).toEqual({ code: 2, stdout: '', stderr: `error: ${because}\n` });
});

test.each([
  [['--provider', 'datature-vi', '--rate-limits', 'free'], '--rate-limits: goes with --provider twelvelabs'],
  [['--provider', 'twelvelabs', '--session-limit', '5'], '--session-limit: goes with --provider datature-vi'],
  [['--provider', 'datature-vi', '--chunk-bytes', '5'], '--chunk-bytes: goes with --provider twelvelabs'],
])('an emulator refuses the flags of another: %j', async (flags, because) => {
  const answer = await cliInProcess(['emulator', '--port', '0', '--store-port', '0', ...flags]);
  expect(answer).toEqual({ code: 2, stdout: '', stderr: `error: ${because}\n` });
});

test('flags that go with a branch and a provider that were given are taken', async () => {
  expect(await cliInProcess(['check', JPG, '--branch', 'embed', '--scopes', 'asset'])).toMatchObject({ code: 0 });
  const vi = ['--provider', 'datature-vi', '--dataset', 'demo', '--on-asset-overwritten', 'KeepLinkedResource'];
  expect(await cliInProcess(['check', JPG, ...vi])).toMatchObject({ code: 0 });
});
