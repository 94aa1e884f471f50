import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../support/imports';

const inFolder = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name));

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'emulator/README.md',
  'emulator/twelvelabs/README.md',
  ...inFolder('docs'),
].filter((file) => file.endsWith('.md'));
const read = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');

test('every relative link of a page leads to a file', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => ({ page, target })),
  );
  expect(links.length).toBeGreaterThan(50);
  const dead = links.filter(({ page, target }) => !existsSync(path.join(ROOT, path.dirname(page), target)));
  expect(dead).toEqual([]);
});

test('every test that the invariants name exists', () => {
  const tests = inFolder('test');
  const named = [...read('docs/invariants.md').matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !tests.some((file) => `/${file}`.endsWith(`/${name}`)))).toEqual([]);
});
