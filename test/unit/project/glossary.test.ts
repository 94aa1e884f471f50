import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, sourcesIn } from '../../support/imports';

const text = readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8');
const glossary = text.slice(text.indexOf('## Glossary'), text.indexOf('## Folders'));
const words = [...glossary.matchAll(/^\| ([a-z][a-z ]*?) +\|/gm)].map(([, word = '']) => word).slice(1);

/** Types named after what every program has; the port's `Assets` is a part of the provider, told of in "The port". */
const NOT_OURS = new Set(['activities', 'assets', 'metadata']);

const sources = sourcesIn(['src']);
const shared = sources.filter(({ file }) => /^src\/(contracts\/|providers\/[^/]+$)/.test(file));

test('the glossary has every one-word type of the contracts and of the provider port', () => {
  const types = shared.flatMap(({ text }) =>
    [...text.matchAll(/^export (?:interface|type|class) ([A-Z][a-z]+)\b/gm)].map(([, name = '']) => name.toLowerCase()),
  );
  expect(types.length).toBeGreaterThan(12);
  const known = [...words, 'ingestions', 'release', 'submitted', 'observation']; // forms of: release mark, submission, watch
  expect(types.filter((name) => !known.includes(name) && !NOT_OURS.has(name))).toEqual([]);
});

test('the code uses every word of the glossary', () => {
  expect(words.length).toBeGreaterThan(25);
  const code = sources
    .map(({ text }) => text)
    .join('\n')
    .toLowerCase();
  const used = (word: string): boolean => code.includes(word) || code.includes(word.replace(' ', ''));
  expect(words.filter((word) => !used(word))).toEqual([]);
});

test('the glossary is in alphabetical order', () => {
  expect(words).toEqual(words.toSorted());
});
