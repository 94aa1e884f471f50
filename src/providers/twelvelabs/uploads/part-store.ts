import { request, type Dispatcher } from 'undici';
import { failure, type FailureType } from '../../../contracts/failures';
import { createDispatcher } from '../../../http/dispatcher';
import { NO_PROXIES, type ProxySettings } from '../../../http/proxy-settings';
import type { CallOptions } from '../../media-provider';
import { PartRefused, type PartUrl } from '../../upload-sessions';

/** Of a worker; each upload has its own concurrency. */
const CONNECTIONS = 128;

/** The object store behind the presigned URLs. Its messages name parts and never URLs, which are secrets. */
export class PartStore {
  private readonly agent: Dispatcher;

  /** @param requestTimeoutMs for a piece of the body to be taken, and for the answer to begin. */
  constructor(requestTimeoutMs: number, proxies: ProxySettings = NO_PROXIES) {
    this.agent = createDispatcher({ connections: CONNECTIONS, requestTimeoutMs }, proxies);
  }

  /** One PUT on a pooled connection, with a known length and without the API key. */
  async put(
    { url, part }: PartUrl,
    bytes: Buffer,
    { headers, signal }: CallOptions & { headers: Record<string, string> },
  ): Promise<string> {
    const what = `PUT part ${part}`;
    const { statusCode: status, ...answer } = await this.send(url, bytes, { headers, signal }, what);
    if (status >= 200 && status < 300) {
      const etag = answer.headers.etag;
      if (typeof etag === 'string' && etag !== '') return etag.replace(/^"(.*)"$/, '$1');
      throw failure('ProviderUnavailable', `${what}: the store answered without an ETag`);
    }
    const said = `${what}: ${status}, ${answer.code}`;
    if (status === 403) throw new PartRefused('stale', said);
    if (status === 404) throw new PartRefused('gone', said);
    throw failure(typeOf(status), said);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(
    url: string,
    bytes: Buffer,
    { headers, signal }: CallOptions & { headers: Record<string, string> },
    what: string,
  ) {
    try {
      const response = await request(url, { method: 'PUT', headers, body: bytes, signal, dispatcher: this.agent });
      const text = await response.body.text();
      const [, code = 'no explanation'] = /<Code>(\w{1,60})<\/Code>/.exec(text) ?? [];
      return { statusCode: response.statusCode, headers: response.headers, code };
    } catch (error) {
      if (signal?.aborted) throw error;
      const { code } = error as { code?: string };
      throw failure('ProviderUnavailable', `${what}: no answer (${code ?? 'connection failed'})`);
    }
  }
}

const typeOf = (status: number): FailureType =>
  status >= 500 || status === 408 || status === 429 ? 'ProviderUnavailable' : 'ProviderRejected';
