import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { failure } from '../../../contracts/failures';
import { createDispatcher } from '../../../http/dispatcher';
import { NO_PROXIES, type ProxySettings } from '../../../http/proxy-settings';
import { s3TroubleOfAnswer } from '../../../storage/s3/s3-codes';
import { PartRefused, type PartUrl, type PutPartOptions } from '../../part-uploads';
import { StallTimer } from './stall-timer';

/** Connections of a worker; each upload limits its own concurrency. */
const MAX_CONNECTIONS = 128;
/** A PUT stalls if less than this is sent within the stall timeout. */
const PIECE_BYTES = 64 * 1024;
/** Bytes that may still lie in the system's send buffer; the answer may wait until they are sent at the slowest rate. */
const BUFFERED_BYTES = 4 * 1024 ** 2;
const SLOWEST_BYTES_PER_MS = 32;

/** The object store behind the presigned URLs. Its messages name parts and never URLs, which are secrets. */
export class PartStore {
  private readonly agent: Dispatcher;

  /** @param stallTimeoutMs longest wait for a chunk of the body to be sent, and for the answer after the last. */
  constructor(
    private readonly stallTimeoutMs: number,
    proxies: ProxySettings = NO_PROXIES,
  ) {
    const requestTimeoutMs = 0; // 0 turns it off: the stall timer is used instead
    this.agent = createDispatcher({ connections: MAX_CONNECTIONS, requestTimeoutMs }, proxies);
  }

  /** One PUT on a pooled connection, with a known length and without the API key. @returns the ETag */
  async put({ url, part }: PartUrl, bytes: Buffer, options: PutPartOptions): Promise<string> {
    const what = `PUT part ${part}`;
    const { status, code, headers } = await this.send(url, bytes, options, what);
    if (status >= 200 && status < 300) return etagOf(headers, options.md5, what);
    const said = `${what}: ${status}, ${code ?? 'not in the words of the part store; check any proxy on the way'}`;
    if (code === 'BadDigest') throw new PartRefused('damaged', said);
    if (status === 403) throw new PartRefused('stale', said);
    if (code === undefined) throw failure('ProviderUnavailable', said); // not the store's answer
    const trouble = s3TroubleOfAnswer(code, status);
    if (trouble === 'credentials' || trouble === 'expired') throw new PartRefused('stale', said); // the provider's
    if (status === 404) throw new PartRefused('gone', said);
    throw failure(trouble === 'unavailable' ? 'ProviderUnavailable' : 'ProviderRejected', said);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(url: string, bytes: Buffer, { headers, md5, signal }: PutPartOptions, what: string) {
    const stall = new StallTimer(signal);
    try {
      const response = await request(url, {
        method: 'PUT',
        headers: { ...md5Header(url, md5), ...headers, 'content-length': String(bytes.byteLength) },
        body: Readable.from(this.pieces(bytes, stall), { objectMode: false }),
        signal: stall.signal,
        dispatcher: this.agent,
      });
      const text = await response.body.text();
      const [, code] = /<Code>(\w{1,60})<\/Code>/.exec(text) ?? [];
      return { status: response.statusCode, headers: response.headers, code };
    } catch (error) {
      if (signal?.aborted) throw error;
      const { code } = error as { code?: string };
      const why = stall.struck ? `nothing moved for ${this.stallTimeoutMs / 1000} s` : (code ?? 'connection failed');
      throw failure('ProviderUnavailable', `${what}: no answer (${why})`);
    } finally {
      stall.stop();
    }
  }

  /** Yields chunks; the connection asks for one after it has taken the one before. */
  private async *pieces(bytes: Buffer, stall: StallTimer): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
      stall.restart(this.stallTimeoutMs);
      yield bytes.subarray(at, at + PIECE_BYTES);
    }
    stall.restart(this.stallTimeoutMs + Math.min(bytes.byteLength, BUFFERED_BYTES) / SLOWEST_BYTES_PER_MS);
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Content-MD5, so that the store checks the bytes. Only sent with a V4 signature, which allows further headers; older
 * signatures include Content-MD5 and would no longer match.
 */
function md5Header(url: string, md5: string): Record<string, string> {
  const isV4 = /[?&]X-Amz-Algorithm=AWS4-HMAC-SHA256(&|$)/i.test(url);
  return isV4 ? { 'content-md5': Buffer.from(md5, 'hex').toString('base64') } : {};
}

function etagOf(headers: Headers, md5: string, what: string): string {
  const etag = typeof headers.etag === 'string' ? headers.etag.replace(/^"(.*)"$/, '$1') : '';
  if (etag === '') throw failure('ProviderUnavailable', `${what}: the store answered without an ETag`);
  if (isMd5(etag, headers) && etag.toLowerCase() !== md5) {
    throw new PartRefused('damaged', `${what}: the store has other bytes than were sent`);
  }
  return etag;
}

/** True if the ETag is the MD5. With customer keys or KMS an ETag only looks like one. */
function isMd5(etag: string, headers: Headers): boolean {
  const encryption = headers['x-amz-server-side-encryption'];
  const customerKey = headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined;
  return /^[0-9a-f]{32}$/i.test(etag) && (encryption === undefined || encryption === 'AES256') && !customerKey;
}
