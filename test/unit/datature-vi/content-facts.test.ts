import { Readable } from 'node:stream';
import {
  contentFacts,
  contentText,
  isContent,
  readContent,
} from '../../../src/providers/datature-vi/intake/content-facts';
import { sourceOf } from '../../contract/conformance/harness';

const facts = () => contentFacts(sourceOf('a.png', Buffer.from('123456789')), undefined);

test('the checksum is the signed CRC32C of the official SDK, in however many chunks the bytes come', async () => {
  expect(await facts()).toMatchObject({ sizeBytes: 9, crc32c: -486_108_541 });
  const chunked = {
    ...sourceOf('a.png', Buffer.from('123456789')),
    read: () => Readable.from([Buffer.from('1234'), Buffer.from('56789')]),
  };
  expect((await contentFacts(chunked, undefined)).crc32c).toBe(-486_108_541);
});

test('a file above 1 GiB is not read for a checksum', async () => {
  const read = (): Readable => {
    throw new Error('it was read');
  };
  const large = { ...sourceOf('a.mp4', Buffer.alloc(0)), sizeBytes: 1024 ** 3 + 1, read };
  expect(await contentFacts(large, undefined)).toEqual({ sizeBytes: 1024 ** 3 + 1, crc32c: null });
});

test('facts survive a handle, and a text that is none gives none', async () => {
  const known = await facts();
  expect(readContent(contentText(known))).toEqual(known);
  expect([undefined, '', 'of another release', '{}'].map(readContent)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

const MD5 = '25f9e794323b453885f5181f1b624d0b';

test.each([
  ['md5', MD5, true],
  ['MD5', MD5.toUpperCase(), true],
  ['md5', Buffer.from(MD5, 'hex').toString('base64'), true],
  ['crc32c', '4waSgw==', true],
  ['CRC-32C', 'e3069283', true],
  ['sha-256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225', true],
  ['md5', '0'.repeat(32), false],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441', undefined],
])('an asset with the %s %s: %s', async (algorithm, contents, expected) => {
  const known = await facts();
  expect(isContent(known, { fileSize: 9, hash: { algorithm, contents } })).toBe(expected);
  expect(isContent(known, { fileSize: 8, hash: { algorithm, contents } })).toBe(false);
});
