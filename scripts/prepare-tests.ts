import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProgramUnavailable } from '../src/stack/programs';
import { resolveTemporalCli } from '../src/stack/temporal-cli';
import { findChromium } from './test-tools/chromium';
import { findComposeParser } from './test-tools/compose';
import { findS3Server } from './test-tools/s3-server';
import { findTestServer } from './test-tools/temporal-test-server';
import { findViSdk } from './test-tools/vi-sdk';

/** Obtains what the tests need and leaves where it is in `dist/test-tools.json`. */
async function main(): Promise<void> {
  const onProgress =
    (what: string) =>
    (line: string): void =>
      console.error(`${what}: ${line}`);
  const tools = {
    temporalCli: (await resolveTemporalCli(process.env, onProgress('temporal'))).path,
    testServer: await findTestServer(process.env, onProgress('test server')),
    chromium: await findChromium(process.env, onProgress('chromium')),
    compose: await findComposeParser(process.env, onProgress('compose')),
    s3Server: await findS3Server(process.env, onProgress('S3 server')),
    viSdk: await findViSdk(process.env, onProgress('vi-sdk')),
  };
  await writeFile(path.resolve(__dirname, '../test-tools.json'), JSON.stringify(tools, null, 2));
  for (const [tool, where] of Object.entries(tools))
    console.error(`${tool}: ${typeof where === 'string' ? where : Object.values(where).join(' ')}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof ProgramUnavailable ? `error: ${error.message}` : error);
  process.exitCode = 1;
});
