import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../support/cli';

jest.setTimeout(60_000);
const ROOT = path.resolve(__dirname, '../..');
let consumer: string;
beforeAll(async () => {
  consumer = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-consumer-'));
  await mkdir(path.join(consumer, 'node_modules'));
  await symlink(ROOT, path.join(consumer, 'node_modules/asset-lifecycle'));
});
afterAll(() => rm(consumer, { recursive: true, force: true }));

async function consume(file: string, code: string): Promise<string> {
  await writeFile(path.join(consumer, file), code);
  const { stdout, stderr, code: exit } = await run(process.execPath, [file], {}, consumer);
  expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
  return stdout.trim();
}

test('an ES module imports the client', async () => {
  const code = `import { connect, LifecycleClient, FAILURES } from 'asset-lifecycle';
    console.log(typeof connect, typeof LifecycleClient.connect, Object.keys(FAILURES).length > 10);`;
  expect(await consume('consumer.mjs', code)).toBe('function function true');
});

test('a CommonJS module requires it, and it is the same', async () => {
  const code = `const required = require('asset-lifecycle');
    import('asset-lifecycle').then((imported) => console.log(required.LifecycleClient === imported.LifecycleClient));`;
  expect(await consume('consumer.cjs', code)).toBe('true');
});

test.each(['consumer.mts', 'consumer.cts'])('%s sees the types', async (file) => {
  await writeFile(
    path.join(consumer, file),
    `import { connect, type LifecycleInput, type LifecycleStatus } from 'asset-lifecycle';
    export async function embed(input: LifecycleInput): Promise<LifecycleStatus> {
      const client = await connect();
      const { key } = await client.start(input);
      for await (const asset of client.assets.listAll({ pageSize: 50 })) asset.id.toUpperCase();
      // @ts-expect-error a key is a string
      await client.status(7);
      return client.result(key);
    }`,
  );
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'node20', '--target', 'es2022', '--types', ''];
  expect(await run(process.execPath, [tsc, ...options, file], {}, consumer)).toMatchObject({ code: 0, stdout: '' });
});
