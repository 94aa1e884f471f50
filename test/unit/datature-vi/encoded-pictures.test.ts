import { Readable } from 'node:stream';
import { MediaReader } from '../../../src/media/media-reader';
import { datatureVi } from '../../../src/providers/datature-vi/declaration';
import { formatOf } from '../../../src/providers/datature-vi/intake/formats';
import { ENCODED_PICTURES } from '../../support/media/encoded-pictures';
import { ViApi } from '../../support/servers/vi-emulator';

const reader = new MediaReader();

async function refusalOf(filename: string, bytes: Buffer): Promise<string | undefined> {
  const read = ({ start, end } = { start: 0, end: bytes.byteLength }) => Readable.from([bytes.subarray(start, end)]);
  const { byteLength: sizeBytes } = bytes;
  const facts = await reader.factsOf({ filename, sizeBytes, read });
  if (!facts) throw new Error(`${filename}: nothing can be told of it`);
  return datatureVi.mediaRefusal?.({ ...facts, filename, sizeBytes, field: 'source.path' });
}

describe.each(ENCODED_PICTURES.map((picture) => [picture.name, picture] as const))('%s', (name, picture) => {
  const { bytes, width, height } = picture;

  test('passes the look before it is sent, and is no video by another name', async () => {
    expect(await refusalOf(name, bytes)).toBeUndefined();
    expect(await refusalOf('film.mp4', bytes)).toMatch(/is named as a video, but its content is an image/);
  });

  test('becomes an asset at the emulator, with its size; a file that only begins like it does not', async () => {
    const api = await ViApi.start();
    try {
      const { mime } = formatOf(name) ?? {};
      const cut = bytes.subarray(0, 24);
      const { status } = await api.upload({ [name]: bytes, [`cut-${name}`]: cut }, {}, { mime });
      expect(status.progressCount).toEqual({ total: 2, succeeded: 1, errored: 1 });
      expect(await api.assets()).toMatchObject([{ filename: name, metadata: { width, height, mimeType: mime } }]);
    } finally {
      await api.close();
    }
  });
});
