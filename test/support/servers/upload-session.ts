import type { EmulatorControl } from '../../../emulator/twelvelabs/control-client';
import type { Emulator, EmulatorOptions } from '../../../emulator/twelvelabs/start-emulator';
import { ProviderApi } from './provider-api';

export const HOUR_MS = 3_600_000;
export const KIB = 1024;

export interface PartUrl {
  chunk_index: number;
  url: string;
  expires_at: string;
}

export interface Session {
  upload_id: string;
  asset_id: string;
  upload_urls: PartUrl[];
  upload_headers: Record<string, string>;
  chunk_size: number;
  total_chunks: number;
  expires_at: string;
}

export interface Report {
  asset_id: string;
  processed_chunks: number;
  duplicate_chunks: number;
  total_completed: number;
  url?: string;
}

/** What a request came to, or the provider's error. */
interface Reply<T> {
  status: number;
  body: T & { code: string; message: string };
}

/** A client of upload sessions as plain as can be: what it sends is what the test says. */
export class Uploader {
  private constructor(private readonly api: ProviderApi) {}

  static async start(options: EmulatorOptions = {}): Promise<Uploader> {
    return new Uploader(await ProviderApi.start(options));
  }

  get emulator(): Emulator {
    return this.api.emulator;
  }

  get control(): EmulatorControl {
    return this.api.control;
  }

  close = (): Promise<void> => this.api.close();

  async call<T = Record<string, unknown>>(
    method: string,
    route: string,
    body?: object,
  ): Promise<{ status: number; body: T }> {
    const reply = await this.api.call(method, route, body);
    return { status: reply.status, body: reply.body as T };
  }

  create = (fields: object): Promise<Reply<Session>> =>
    this.call('POST', '/assets/multipart-uploads', { filename: 'film.mp4', type: 'video', ...fields });

  async session(fields: object): Promise<Session> {
    const { status, body } = await this.create(fields);
    if (status !== 201) throw new Error(`create answered ${status} ${body.message}`);
    return body;
  }

  async urls({ upload_id: id }: Session, start: number, count: number): Promise<PartUrl[]> {
    const { body } = await this.call<{ upload_urls: PartUrl[] }>(
      'POST',
      `/assets/multipart-uploads/${id}/presigned-urls`,
      { start, count },
    );
    return body.upload_urls;
  }

  report = (session: Session, chunks: object[]): Promise<Reply<Report>> =>
    this.call('POST', `/assets/multipart-uploads/${session.upload_id}`, { completed_chunks: chunks });

  asset = async (id: string) => (await this.call('GET', `/assets/${id}`)).body;

  status = async (session: Session) => (await this.call(`GET`, `/assets/multipart-uploads/${session.upload_id}`)).body;

  /** Puts one part by a fresh URL. @returns what its report says. */
  async put(session: Session, content: Buffer, index: number) {
    const [part] = await this.urls(session, index, 1);
    const bytes = chunkOf(session, content, index);
    const response = await putTo(part?.url ?? '', bytes);
    if (response.status !== 200) throw new Error(`the store answered ${response.status} ${await response.text()}`);
    return reported(index, response.headers.get('etag') ?? '', bytes.byteLength);
  }

  /** Puts and reports all parts, the last one first. */
  async upload(content: Buffer, fields: object = {}): Promise<Session> {
    const session = await this.session({ total_size: content.byteLength, ...fields });
    for (let index = session.total_chunks; index > 0; index--) {
      await this.report(session, [await this.put(session, content, index)]);
    }
    return session;
  }
}

export const chunkOf = ({ chunk_size: size }: Session, content: Buffer, index: number): Buffer =>
  content.subarray((index - 1) * size, index * size);

export const reported = (index: number, proof: string, bytes: number) => ({
  chunk_index: index,
  proof,
  proof_type: 'etag',
  chunk_size: bytes,
});

export const putTo = (url: string, bytes: Buffer, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers });

/** Bytes that differ from place to place. */
export const patterned = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 31 + 7) % 251));
