import type { ServerResponse } from 'node:http';

/** The connection is closed, so no answer is sent. */
export class CutOff extends Error {
  override readonly name = 'CutOff';
}

/** By the client, by a fault, or because the emulator closes. */
export const isBrokenOff = (error: unknown): boolean =>
  error instanceof CutOff ||
  (error as Error).name === 'AbortError' ||
  ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? '');

export function answerOf(
  response: ServerResponse,
  status: number,
  body = '',
  headers: Record<string, string> = {},
): void {
  const type = body === '' ? {} : { 'content-type': 'application/xml' };
  response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(body), ...headers }).end(body);
}

/** The body of an error, as S3 words it. */
export const xml = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
