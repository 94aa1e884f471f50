import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';
import { composeConfig } from '../../support/system/compose';
import { ROOT } from '../../support/imports';

const FILE = path.join(ROOT, 'docker-compose.yml');
const TYPES: Record<string, string> = { KEYWORD: 'Keyword', INT: 'Int', DATETIME: 'Datetime' };

test('Docker’s own parser takes the compose file', async () => {
  const { ok, output } = await composeConfig(FILE);
  expect(output).toContain('worker');
  expect(ok).toBe(true);
});

test('the parser refuses a file that is wrong', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-compose-'));
  try {
    const wrong = path.join(folder, 'docker-compose.yml');
    await writeFile(
      wrong,
      (await readFile(FILE, 'utf8')).replace('  worker:\n', '  worker:\n    depends_on: [nobody]\n'),
    );
    expect((await composeConfig(wrong)).ok).toBe(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the emulator is in a profile of its own, and every search attribute is registered', async () => {
  const text = await readFile(FILE, 'utf8');
  expect(text).toMatch(/emulator:\n {4}profiles: \[emulator\]/);
  for (const { name, type } of Object.values(SEARCH_ATTRIBUTES)) {
    expect(text).toContain(`--name ${name} --type ${TYPES[type]}`);
  }
});
