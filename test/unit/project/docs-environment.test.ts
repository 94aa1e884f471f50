import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../support/imports';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const providerFolders = readdirSync(path.join(ROOT, 'src/providers'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
  .map(({ name }) => name);

/** The variables that the schemas of the configuration read. Lower-case proxy variables are the same by another name. */
const configured = ['src/config.ts', ...providerFolders.map((name) => `src/providers/${name}/config.ts`)]
  .flatMap((file) => [...read(file).matchAll(/^ +([A-Z][A-Z0-9_]+): /gm)])
  .map(([, name = '']) => name);

/** The first column of the README's table of environment variables. */
const documented = (read('README.md').split('\n## Environment\n')[1] ?? '')
  .split('\n## ')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([A-Z0-9_]+)`/g)].map(([, name = '']) => name));

test('the README names every variable that the configuration reads', () => {
  expect(configured.length).toBeGreaterThan(20);
  expect(configured.filter((name) => !documented?.includes(name))).toEqual([]);
});

test('the configuration reads every variable of this project that the README names', () => {
  const own = documented?.filter((name) => !/^(TEMPORAL|AWS)_/.test(name));
  expect(own?.filter((name) => !configured.includes(name))).toEqual([]);
});
