import { maxDirectBytes, maxMultipartBytes } from '../../../src/providers/twelvelabs/intake/limits';
import { kindOfFile } from '../../../src/providers/twelvelabs/intake/file-kind';

test.each([
  ['a.MP4', 'video'],
  ['a.b.flac', 'audio'],
  ['a.jpeg', 'image'],
  ['a.pdf', 'other'],
  ['mp4', 'other'],
  ['', 'other'],
])('%s is of kind %s', (filename, kind) => {
  expect(kindOfFile(filename)).toBe(kind);
});

test.each([
  ['video', 'mp4 mov avi mkv webm m4v mpg mpeg mpe ts flv wmv mts m2ts mxf 3gp vob ogv dv qt asf f4v'],
  ['audio', 'mp3 wav flac m4a aac ogg oga opus wma aiff aif mka amr caf ac3 weba'],
  ['image', 'jpg jpeg png webp gif bmp tif tiff heic heif avif'],
])('a camera’s or recorder’s file is %s, and may go up in parts: %s', (kind, extensions) => {
  for (const extension of extensions.split(' ')) {
    const filename = `CLIP0001.${extension.toUpperCase()}`;
    expect([extension, kindOfFile(filename)]).toEqual([extension, kind]);
    expect(maxMultipartBytes(filename).limitBytes).toBeGreaterThan(0);
  }
});

test('a file whose name tells no kind is refused with what would help', () => {
  expect(maxDirectBytes('recording.bin').why).toMatch(/extension that says so, such as "\.mp4"/);
  expect(maxMultipartBytes('recording.bin').why).toMatch(/give it a filename.*such as "\.mp4"/);
});
