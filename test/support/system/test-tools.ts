import { readFileSync } from 'node:fs';
import path from 'node:path';

interface TestTools {
  temporalCli: string;
  testServer: string;
  chromium: string;
  compose: string[];
  s3Server: string;
  /** Python with the official SDK of Datature Vi, and the SDK's sources with its tests. */
  viSdk: { python: string; sources: string };
}

/** Where `npm run pretest` found what the tests need. */
export function testTools(): TestTools {
  const file = path.resolve(__dirname, '../../../dist/test-tools.json');
  return JSON.parse(readFileSync(file, 'utf8')) as TestTools;
}
