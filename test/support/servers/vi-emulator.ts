import { crc32c } from '@node-rs/crc32';
import { DatatureViControl } from '../../../emulator/datature-vi/control-client';
import { SOURCE_PATH } from '../../../emulator/datature-vi/rules/links';
import {
  startDatatureViEmulator,
  type DatatureViEmulator,
  type DatatureViEmulatorOptions,
} from '../../../emulator/datature-vi/start-emulator';

export const SECRET_KEY = `dtvi_${'k'.repeat(98)}`;
export const ORGANIZATION = 'org-1';
export const SESSIONS = `${SOURCE_PATH}/assetIngestionSessions`;
export const MULTIPARTS = `${SOURCE_PATH}/multipartUploads`;
export const AT_ONCE = { baseMs: 0, msPerMegabyte: 0 };

export interface Reply<T> {
  status: number;
  body: T;
  headers: Headers;
}

export interface SessionBody {
  assetIngestionSessionId: string;
  ingestionId: string;
  metadata: { timeCreated: number; lastUpdated: number; generation: number };
  spec: { failureMode: string; onAssetOverwritten: string; assets?: unknown[] };
  status: {
    conditions: { condition: string; status: string; lastTransitionTime: number; reason?: string }[];
    events: { kind: string; files?: Record<string, string>; tasks?: unknown }[];
    progressCount: { total: number; succeeded: number; errored: number };
    assets: { metadata: { filename: string }; upload: SignedBody }[];
  };
}

export interface SignedBody {
  url: string;
  expiry: number;
  headers: Record<string, string>;
}

export interface AssetBody {
  assetId: string;
  filename: string;
  kind: string;
  etag: string;
  metadata: {
    width: number;
    height: number;
    frames: number;
    fileSize: number;
    mimeType: string;
    hash: { algorithm: string; contents: string };
    annotations: { total: number };
    customMetadata: Record<string, unknown>;
    lastUpdated: number;
    timeCreated: number;
  };
  contents?: { asset: SignedBody; thumbnail: SignedBody };
}

export interface PageBody<T> {
  items: T[];
  nextPage: string | null;
  prevPage: string | null;
}

/** A file as a session is told of it. */
export const fileSpec = (filename: string, bytes: Uint8Array, more: object = {}) => ({
  filename,
  kind: 'Image',
  mime: filename.endsWith('.png') ? 'image/png' : 'image/jpeg',
  size: bytes.byteLength,
  crc32c: crc32c(Buffer.from(bytes)) | 0,
  customMetadata: null,
  ...more,
});

/** An emulator in this process, and requests as a client of the API makes them. */
export class ViApi {
  readonly control: DatatureViControl;

  private constructor(readonly emulator: DatatureViEmulator) {
    this.control = new DatatureViControl(emulator.controlUrl);
  }

  static async start(options: DatatureViEmulatorOptions = {}): Promise<ViApi> {
    return new ViApi(await startDatatureViEmulator({ processing: AT_ONCE, ...options }));
  }

  async call<T = { error: string; message: string }>(
    method: string,
    path: string,
    { body, dataset = 'demo', headers = {} }: { body?: unknown; dataset?: string; headers?: object } = {},
  ): Promise<Reply<T>> {
    const response = await fetch(
      `${this.emulator.url}/workspaces/${ORGANIZATION}/datasets/${ORGANIZATION}_${dataset}${path}`,
      {
        method,
        headers: {
          authorization: `Bearer ${SECRET_KEY}`,
          'organization-id': ORGANIZATION,
          'content-type': 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : undefined) as T };
  }

  async session(assets: object[], spec: object = {}, dataset = 'demo'): Promise<SessionBody> {
    const body = { spec: { kind: 'Upload', failureMode: 'FailAfterAll', assets, ...spec } };
    const { status, body: session } = await this.call<SessionBody>('POST', SESSIONS, { body, dataset });
    if (status !== 200) throw new Error(`the session was answered with ${status} ${JSON.stringify(session)}`);
    return session;
  }

  async sessionNow({ assetIngestionSessionId }: SessionBody, dataset = 'demo'): Promise<SessionBody> {
    return (await this.call<SessionBody>('GET', `${SESSIONS}/${assetIngestionSessionId}`, { dataset })).body;
  }

  async put(signed: SignedBody | undefined, bytes: Uint8Array, more: Record<string, string> = {}): Promise<Response> {
    if (!signed) throw new Error('the session has no such file');
    const { url, headers } = signed;
    return fetch(url, { method: 'PUT', headers: { ...headers, ...more }, body: Buffer.from(bytes) });
  }

  /** Uploads files in one session. @returns the session afterwards */
  async upload(files: Record<string, Uint8Array>, spec: object = {}, more: object = {}): Promise<SessionBody> {
    const all = Object.entries(files);
    const session = await this.session(
      all.map(([name, bytes]) => fileSpec(name, bytes, more)),
      spec,
    );
    for (const [at, [, bytes]] of all.entries()) {
      await this.put(session.status.assets[at]?.upload, bytes);
    }
    return this.sessionNow(session);
  }

  async assets(query = ''): Promise<AssetBody[]> {
    return (await this.call<PageBody<AssetBody>>('GET', `/assets?s=1000${query}`)).body.items;
  }

  async close(): Promise<void> {
    await this.emulator.close();
  }
}

/** Codes by filename. */
export const codesOf = ({ status }: SessionBody): Record<string, string> =>
  Object.assign({}, ...status.events.map(({ files }) => files ?? {})) as Record<string, string>;

export const conditionOf = ({ status }: SessionBody, name = 'Finished'): string | undefined =>
  status.conditions.find(({ condition }) => condition === name)?.status;
