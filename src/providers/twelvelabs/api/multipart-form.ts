import { randomUUID } from 'node:crypto';
import type { SourceBytes } from '../../../storage/files/source-bytes';

/** The body of a request. Its length is known before it is streamed. */
export interface RequestContent {
  contentType: string;
  contentLength: number;
  /** True if nothing has to be fetched for it. */
  isInMemory: boolean;
  /** Streams the body once. `onFileBytes` is called with the file's bytes so far. */
  stream(onFileBytes?: (sentBytes: number) => void): AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** A `multipart/form-data` body. The file comes last, so that a streaming server has all fields before its bytes. */
export function multipartForm(
  fields: Record<string, string>,
  file?: { field: string; filename: string; source: SourceBytes },
): RequestContent {
  const boundary = `asset-lifecycle-${randomUUID()}`;
  const head = Object.entries(fields)
    .map(
      ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
    )
    .join('');
  const fileHead = file
    ? `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(file.field)}"; ` +
      `filename="${quoted(file.filename)}"\r\nContent-Type: application/octet-stream\r\n\r\n`
    : '';
  const before = Buffer.from(head + fileHead);
  const after = Buffer.from(`${file ? '\r\n' : ''}--${boundary}--\r\n`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    contentLength: before.byteLength + (file?.source.sizeBytes ?? 0) + after.byteLength,
    isInMemory: file === undefined || file.source.readSmall !== undefined,
    async *stream(onFileBytes) {
      yield before;
      let sentBytes = 0;
      if (file?.source.readSmall) {
        yield await file.source.readSmall();
        onFileBytes?.(file.source.sizeBytes);
      } else if (file) {
        for await (const chunk of file.source.read() as AsyncIterable<Buffer>) {
          yield chunk;
          sentBytes += chunk.byteLength;
          onFileBytes?.(sentBytes);
        }
      }
      yield after;
    },
  };
}

/** Quotes a name in a form as browsers do (WHATWG); UTF-8 stays as it is. */
const quoted = (text: string): string => text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
