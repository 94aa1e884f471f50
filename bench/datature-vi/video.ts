import { execFile, spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { DatatureViClient } from '../../src/providers/datature-vi/api/client';
import { DatasetApi } from '../../src/providers/datature-vi/api/dataset-api';
import { SignedUrls } from '../../src/providers/datature-vi/api/signed-urls';
import { MultipartUploads } from '../../src/providers/datature-vi/intake/parts';
import { SessionsApi } from '../../src/providers/datature-vi/intake/sessions-api';
import { median, type Figure } from '../figures';
import type { BenchSystem } from '../system/bench-system';
import { watchMemory } from '../system/memory-growth';
import { MEBIBYTE, writeRandomFile } from '../uploads/source-files';
import { startViEmulator, type ViEmulator } from './vi-emulator';

const SIZE_BYTES = 2048 * MEBIBYTE;
const ROUNDS = 3;
/** Parts on their way at once, on both sides. */
const CONCURRENCY = 8;
const REQUEST_TIMEOUT_MS = 60_000;

/** Throughput and memory of one large upload, against `curl --parallel` over part URLs of the same size. */
export async function benchVideo(system: BenchSystem): Promise<Figure[]> {
  const emulator = await startViEmulator(process.env);
  try {
    const file = path.join(system.folder, 'large.mp4');
    await writeRandomFile(file, SIZE_BYTES);
    const product: { seconds: number; grownBytes: number }[] = [];
    const curl: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of round % 2 === 0 ? (['product', 'curl'] as const) : (['curl', 'product'] as const)) {
        if (way === 'product') product.push(await uploadByProduct(emulator, file));
        else curl.push(await uploadByCurl(emulator, file, path.join(system.folder, 'parts')));
        await endSessions(emulator);
      }
      console.error(
        `round ${round + 1}: product ${product.at(-1)?.seconds.toFixed(1)} s, curl ${curl.at(-1)?.toFixed(1)} s`,
      );
    }
    const own = median(product.map(({ seconds }) => seconds));
    const grown = Math.max(...product.map(({ grownBytes }) => grownBytes)) / MEBIBYTE;
    const ratio = median(curl) / own;
    return [
      {
        name: 'throughput of one 2 GB video / curl',
        ...{ value: ratio, unit: '×', goal: '>= 0.9', ok: ratio >= 0.9 },
        note: `${rate(own)} against ${rate(median(curl))}, ${CONCURRENCY} connections each, medians of ${ROUNDS}`,
      },
      {
        name: 'memory growth while it goes up',
        ...{ value: grown, unit: 'MiB', goal: '<= 64', ok: grown <= 64 },
        note: `the most of ${ROUNDS}, after a small file`,
      },
    ];
  } finally {
    await emulator.stop();
  }
}

const rate = (seconds: number): string => `${(SIZE_BYTES / MEBIBYTE / seconds).toFixed(0)} MiB/s`;

/** In a process of its own, whose memory is watched. */
async function uploadByProduct(
  { settings }: ViEmulator,
  file: string,
): Promise<{ seconds: number; grownBytes: number }> {
  const small = path.resolve(__dirname, '../../../samples/clip.mp4');
  const child = spawn(process.execPath, [path.join(__dirname, 'upload-process.js'), 'demo', small, file], {
    env: { ...process.env, ...settings },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const resident = async (): Promise<number> => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  };
  let memory: Awaited<ReturnType<typeof watchMemory>> | undefined;
  try {
    for await (const line of createInterface(child.stdout)) {
      if (line === 'ready') {
        memory = await watchMemory(resident);
        child.stdin.write('go\n');
      }
      const [, seconds] = /^seconds (\S+)$/.exec(line) ?? [];
      if (seconds !== undefined && memory) return { seconds: Number(seconds), grownBytes: memory.stop() };
    }
    throw new Error('the upload ended without its seconds');
  } finally {
    memory?.stop();
  }
}

/**
 * Sends files that are parts already by one `curl --parallel`, and gives the seconds that curl took. What it is spared: to
 * open the session, to ask for URLs, to hash and to report.
 */
async function uploadByCurl({ settings }: ViEmulator, file: string, folder: string): Promise<number> {
  const puts = ['header = "Expect:"'];
  await withSessions(settings, async (sessions) => {
    const store = new SignedUrls(REQUEST_TIMEOUT_MS);
    const uploads = new MultipartUploads(sessions.dataset, sessions, store);
    const announced = { filename: 'by-curl.mp4', mime: 'video/mp4', size: SIZE_BYTES, crc32c: null, kind: 'Video' };
    const session = await sessions.create([{ ...announced, customMetadata: {} }], 'RemoveLinkedResource');
    const { assetIngestionSessionId: sessionId, ingestionId = sessionId } = session;
    const video = { filename: announced.filename, contentType: announced.mime, sizeBytes: SIZE_BYTES };
    const { sessionId: id, totalParts } = await uploads.open({ sessionId, ingestionId }, video);
    const parts = await cut(file, folder, totalParts);
    for (const { part, url } of await uploads.urls(id, { first: 1, count: totalParts })) {
      puts.push(`upload-file = "${parts[part - 1]}"`, `url = "${url}"`, 'output = "/dev/null"');
    }
    await store.close();
  });
  const config = path.join(folder, 'curl.config');
  await writeFile(config, puts.join('\n'));
  const flags = ['--silent', '--show-error', '--fail', '--parallel', '--parallel-max', String(CONCURRENCY)];
  const started = performance.now();
  await promisify(execFile)('curl', [...flags, '--config', config]);
  const seconds = (performance.now() - started) / 1000;
  await rm(folder, { recursive: true, force: true });
  return seconds;
}

/** Parts as files of their own, of the size that the product's have. */
async function cut(file: string, folder: string, count: number): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const bytes = Math.floor(SIZE_BYTES / count);
  const names = Array.from({ length: count }, (_, at) => path.join(folder, String(at + 1)));
  for (const [at, name] of names.entries()) {
    const end = at === count - 1 ? SIZE_BYTES : (at + 1) * bytes;
    await pipeline(
      createReadStream(file, { start: at * bytes, end: end - 1 }),
      createWriteStream(name, { flush: true }),
    );
  }
  return names;
}

/** What was sent takes room on the disk until its session has ended. */
async function endSessions({ control, settings }: ViEmulator): Promise<void> {
  const { sessions: all } = await control.state();
  await withSessions(settings, async (sessions) => {
    for (const { sessionId, ended } of all) if (ended === null) await sessions.cancel(sessionId);
  });
}

/** Bare requests about the sessions of one dataset. */
async function withSessions(settings: Record<string, string>, use: (sessions: SessionsApi) => Promise<void>) {
  const client = new DatatureViClient({
    secretKey: settings.DATATURE_VI_SECRET_KEY ?? '',
    organizationId: settings.DATATURE_VI_ORGANIZATION_ID ?? '',
    endpoint: settings.DATATURE_VI_API_ENDPOINT ?? '',
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  });
  try {
    await use(new SessionsApi(new DatasetApi(client, 'demo')));
  } finally {
    await client.close();
  }
}
