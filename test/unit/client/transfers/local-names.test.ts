import { LocalNames } from '../../../../src/client/transfers/local-names';

test('a name is kept as it is', () => {
  const names = new LocalNames();
  for (const name of ['a.png', '.hidden', 'a b (1).tar.gz', 'ä.png', 'no-extension'])
    expect(names.claim(name, '1')).toBe(name);
});

test.each([['A.PNG'], ['a.png.'], ['a.png '], ['a.png']])('%j is told apart from "a.png" by its id', (name) => {
  const names = new LocalNames();
  names.claim('a.png', '1');
  const other = names.claim(name, '2');
  expect(other).toContain('(2)');
});

test('two forms of one accent are told apart, and so is one whose told-apart name is taken', () => {
  const names = new LocalNames();
  expect(names.claim('\u00e9.png', '1')).toBe('\u00e9.png');
  expect(names.claim('e\u0301.png', '2')).toBe('e\u0301 (2).png');
  expect(names.claim('\u00c9 (2).png', '3')).toBe('\u00c9 (2) (3).png');
});

test.each([[''], ['.'], ['..'], ['../a.png'], ['/etc/passwd'], ['a/b.png'], ['a\\b.png'], ['a\0.png']])(
  '%j would leave the folder',
  (name) => expect(new LocalNames().claim(name, '1')).toBeUndefined(),
);

test('a name that is too long for a file system is shortened, by whole characters', () => {
  const names = new LocalNames();
  const long = names.claim(`${'ä'.repeat(200)}.png`, '1') ?? '';
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255);
  expect(long).toMatch(/^ä+ \(1\)\.png$/);
});

test('a reserved name is told apart', () => {
  expect(new LocalNames(['.partial']).claim('.Partial', '7')).toBe('.Partial (7)');
});
