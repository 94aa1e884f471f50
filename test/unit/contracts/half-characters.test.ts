import { failure } from '../../../src/contracts/failures';
import { acceptInput } from '../../../src/providers/registry';
import { readStopRequest } from '../../../src/contracts/messages';
import { filenameOfSource } from '../../../src/contracts/source-name';
import { firstOf, lastOf } from '../../../src/contracts/values/text';

const HALF = '\ud83c';
const source = { type: 'file', path: '/m/a.mp4' };

test.each<[string, object, string]>([
  ['key', { source, key: `a${HALF}` }, 'key'],
  ['filename', { source, filename: `${HALF}.mp4` }, 'filename'],
  ['metadata value', { source, metadata: { title: `x${HALF}y` } }, 'metadata.title'],
  ['metadata name', { source, metadata: { [`x${HALF}`]: 1 } }, 'metadata'],
  ['path', { source: { type: 'file', path: `/m/${HALF}` } }, 'source.path'],
  ['entity name', { source, branch: { type: 'entity', collectionId: 'c', name: HALF } }, 'branch.name'],
])('half a character in the %s is refused', (_name, input, field) => {
  expect(() => acceptInput(input)).toThrow(new RegExp(`${field}: must not contain half a character`));
});

test('whole characters outside the first plane are accepted', () => {
  expect(acceptInput({ source, key: 'a🎬', metadata: { '🎬': '🎬' } })).toMatchObject({ key: 'a🎬' });
});

test.each([1, 2, 3, 4, 5, 6])('a text is cut to %i without half a character', (most) => {
  for (const cut of [firstOf, lastOf]) {
    const part = cut('a🎬🎬b', most);
    expect(part).not.toMatch(/\p{Cs}/u);
    expect(part.length).toBeGreaterThanOrEqual(most - 1);
    expect('a🎬🎬b').toContain(part);
  }
});

test('names, messages and reasons that are cut hold whole characters', () => {
  const long = `a${'🎬'.repeat(3000)}`;
  const texts = [
    filenameOfSource({ type: 'file', path: `/m/${long}.mp4` }),
    failure('InvalidRequest', long).message,
    failure('InvalidRequest', `a${long}`).message,
    readStopRequest({ reason: long }).reason,
  ];
  for (const text of texts) expect(text).not.toMatch(/\p{Cs}/u);
});
