import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { serveOnLoopback } from '../src/cli/demo/loopback-server';

/** Serves the files of one folder on loopback, for URL sources and, whatever the bucket, for S3 sources. */
export function serveMedia(folder: string): Promise<{ url: string; close(): Promise<void> }> {
  return serveOnLoopback((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = path.join(folder, path.basename(pathname));
    stat(file).then(
      ({ size, mtime }) => {
        response.writeHead(200, {
          'content-length': size,
          'content-type': 'application/octet-stream',
          etag: `"${size}"`,
          'last-modified': mtime.toUTCString(),
        });
        if (request.method === 'HEAD') response.end();
        else createReadStream(file).pipe(response);
      },
      () => response.writeHead(404).end(),
    );
  });
}
