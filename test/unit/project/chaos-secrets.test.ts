import { API_KEY, readableText, secretsIn } from '../../../chaos/checks/secrets';

/** A history as Temporal gives it: what activities say is bytes. */
const historyWith = (text: string) => ({
  events: [{ activityTaskCompletedEventAttributes: { result: { payloads: [{ data: Buffer.from(text) }] } } }],
});

test('finds the API key inside a payload of a history', () => {
  expect(secretsIn(readableText(historyWith(`{"said":"${API_KEY}"}`)))).toEqual(['the API key']);
});

test.each([
  ['the emulator', 'http://127.0.0.1:1/parts/a/0?expires=1795649866340&nonce=0123456789abcdef&signature=0123456789'],
  ['S3', 'https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=0123456789abcdef'],
])('finds a presigned URL of %s in a heartbeat', (_of, url) => {
  const heartbeat = { payloads: [{ data: new Uint8Array(Buffer.from(JSON.stringify({ url }))) }] };
  expect(secretsIn(readableText([heartbeat]))).toEqual(['a presigned URL']);
});

test('takes what a lifecycle does write down for no secret', () => {
  const text = JSON.stringify({ uri: 's3://bucket/results/a.ndjson', route: 'PUT /parts/{upload_id}/{chunk_index}' });
  expect(secretsIn(readableText(historyWith(text)))).toEqual([]);
});
