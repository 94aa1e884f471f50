import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32c } from '@node-rs/crc32';
import { DATASET_KEY, ORGANIZATION } from '../lane-settings';

/** A sample picture with `mark` in a comment: each mark makes other content. */
export async function pictureOf(samples: string, mark: string): Promise<Buffer> {
  const jpeg = await readFile(path.join(samples, 'portrait-1.jpg'));
  const text = createHash('sha256').update(mark).digest('hex');
  const comment = Buffer.alloc(4 + text.length);
  comment.writeUInt16BE(0xfffe, 0);
  comment.writeUInt16BE(2 + text.length, 2);
  comment.write(text, 4);
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}

interface Session {
  assetIngestionSessionId: string;
  status: {
    conditions: { condition: string; status: string }[];
    assets: { upload: { url: string; headers: Record<string, string> } }[];
  };
}

/** Puts an asset of somebody else into a dataset. Nothing may be armed meanwhile. */
export async function othersUpload(origin: string, dataset: string, filename: string, content: Buffer): Promise<void> {
  const sessions = `${origin}/workspaces/${ORGANIZATION}/datasets/${ORGANIZATION}_${dataset}/assetSources/managed/datature/default/assetIngestionSessions`;
  const ask = async (url: string, body?: object): Promise<Session> => {
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${DATASET_KEY}`,
        'organization-id': ORGANIZATION,
        'content-type': 'application/json',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`a session of others: ${response.status} ${await response.text()}`);
    return (await response.json()) as Session;
  };
  const crc = crc32c(content) | 0;
  const file = {
    filename,
    kind: 'Image',
    mime: 'image/jpeg',
    size: content.byteLength,
    crc32c: crc,
    customMetadata: null,
  };
  const { assetIngestionSessionId, status } = await ask(sessions, {
    spec: { kind: 'Upload', failureMode: 'FailAfterAll', assets: [file] },
  });
  const upload = status.assets[0]?.upload;
  if (!upload) throw new Error('the session of others has no file');
  const put = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: Buffer.from(content) });
  if (!put.ok) throw new Error(`an upload of others: ${put.status}`);
  for (;;) {
    const { conditions } = (await ask(`${sessions}/${assetIngestionSessionId}`)).status;
    if (conditions.some(({ condition, status: is }) => condition === 'Finished' && is === 'Reached')) return;
    await delay(20);
  }
}
