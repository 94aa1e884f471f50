import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';

/**
 * Every emulator that a test file starts, in this process or in one below it, holds all requests and answers against
 * the provider's schemas. A test during which one breaks them fails.
 */
const file = path.join(tmpdir(), `asset-lifecycle-violations-${randomUUID()}.txt`);
process.env.ASSET_LIFECYCLE_EMULATOR_VIOLATIONS = file;

function failOnViolations(): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return; // nothing was written
  }
  rmSync(file);
  throw new Error(`the provider's schemas were broken (emulator/twelvelabs/conformance):\n${text}`);
}

afterEach(failOnViolations);
afterAll(failOnViolations);
