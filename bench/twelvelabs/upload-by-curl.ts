import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { only } from '../../src/providers/outcome';
import { createTwelveLabsProvider } from '../../src/providers/twelvelabs/twelvelabs-provider';
import type { SourceBytes } from '../../src/storage/files/source-bytes';
import type { BenchSystem } from '../system/bench-system';
import { CONCURRENCY } from '../uploads/source-files';

const MOST_URLS = 50;
const GIVE_UP_SEC = 300;

/**
 * Sends files that are parts already by one `curl --parallel`, to a session of its own, and gives the seconds that curl
 * took. What it is spared: to open the session, to ask for URLs, to hash and to report; parts are not cut in this time.
 */
export async function uploadByCurl(system: BenchSystem, parts: readonly string[], sizeBytes: number): Promise<number> {
  const baseUrl = system.environment.TWELVELABS_BASE_URL ?? '';
  const provider = createTwelveLabsProvider({ apiKey: 'emulator', baseUrl, requestTimeoutMs: 60_000 });
  try {
    const submitted = only(
      await provider.intake.submit([
        {
          filename: 'by-curl.mp4',
          metadata: {},
          fields: { enableHls: false, enableThumbnail: false },
          tag: {
            key: 'by-curl',
            workflowId: 'by-curl',
            runId: 'r',
            onCancel: 'delete',
            onFailure: 'keep',
            owner: 'bench',
          },
          content: { route: 'parts', bytes: sizeOnly(sizeBytes) },
        },
      ]),
    );
    if (!('upload' in submitted)) throw new Error('the provider opened no session');
    const { sessionId } = submitted.upload;
    const puts: string[] = ['header = "Expect:"', 'header = "Content-Type: application/octet-stream"'];
    for (let first = 1; first <= parts.length; first += MOST_URLS) {
      const count = Math.min(MOST_URLS, parts.length - first + 1);
      for (const { part, url } of await provider.intake.parts.urls(sessionId, { first, count })) {
        puts.push(`upload-file = "${parts[part - 1]}"`, `url = "${url}"`, 'output = "/dev/null"');
      }
    }
    const config = path.join(system.folder, 'curl.config');
    await writeFile(config, puts.join('\n'));
    const flags = ['--fail', '--parallel', '--parallel-max', String(CONCURRENCY), '--max-time', String(GIVE_UP_SEC)];
    const started = performance.now();
    await promisify(execFile)('curl', ['--silent', '--show-error', ...flags, '--config', config]);
    const seconds = (performance.now() - started) / 1000;
    const session = (await system.control.state()).uploads.find(({ upload_id }) => upload_id === sessionId);
    if (session?.received_chunks === parts.length) return seconds;
    throw new Error(`curl sent ${session?.received_chunks} of ${parts.length} parts`);
  } finally {
    await provider.close();
  }
}

/** Enough to open a session by: curl has the bytes. */
const sizeOnly = (sizeBytes: number): SourceBytes => ({
  filename: 'by-curl.mp4',
  sizeBytes,
  fingerprint: '',
  content: '',
  read: () => {
    throw new Error('curl sends the bytes');
  },
});
