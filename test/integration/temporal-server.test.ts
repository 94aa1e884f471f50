import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTemporalServer } from '../../src/stack/temporal-server';
import { freePort } from '../support/system/free-port';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(60_000);
let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-server-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A Temporal CLI that ends at once until it was started so often. */
async function cliThatFails(times: number, words = 'address already in use'): Promise<NodeJS.ProcessEnv> {
  const script = path.join(folder, 'temporal');
  const starts = path.join(folder, 'starts');
  await writeFile(
    script,
    `#!/bin/sh
case "$*" in *--help*) exec '${testTools().temporalCli}' "$@";; esac
echo start >> '${starts}'
[ "$(wc -l < '${starts}')" -gt ${times} ] || { printf '${words}\\n' >&2; exit 1; }
exec '${testTools().temporalCli}' "$@"
`,
  );
  await chmod(script, 0o755);
  return { ...process.env, TEMPORAL_CLI_PATH: script };
}

test('a server that loses a free port at its start is started again on others', async () => {
  const server = await startTemporalServer({ environment: await cliThatFails(1), onProgress: () => {} });
  await server.close();
});

test('so is one that was to have certain ports, since it takes more than those', async () => {
  const port = await freePort();
  const server = await startTemporalServer({ environment: await cliThatFails(1), onProgress: () => {}, port });
  expect(server.address).toBe(`127.0.0.1:${port}`);
  await server.close();
});

test('of a server that crashes the cause is told, not the end of its stack trace', async () => {
  const environment = await cliThatFails(9, 'panic: no port\\n\\ngoroutine 1 [running]:\\n\\tmain.go:18');
  await expect(startTemporalServer({ environment, onProgress: () => {} })).rejects.toThrow(/start: panic: no port$/);
});

test('a server that never starts ends in its own last words', async () => {
  const environment = await cliThatFails(9);
  await expect(startTemporalServer({ environment, onProgress: () => {} })).rejects.toThrow('address already in use');
});
