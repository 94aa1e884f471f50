import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32c } from '@node-rs/crc32';
import { assetView, md5Of, ORGANIZATION, type SpecFile, type StandInAsset } from './vi-stand-in-asset';

export interface StandInSession {
  id: string;
  createdAt: number;
  files: SpecFile[];
  spec: Record<string, unknown>;
  expiry: number;
  done: Set<string>;
  errors: Map<string, string>;
  cancelled: boolean;
}

/** One request that is answered in another way, once. */
interface Fault {
  route: string;
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  /** The request has its effect or not, and its answer is lost. */
  drop?: 'before' | 'after';
}

export interface Heard {
  route: string;
  headers: IncomingMessage['headers'];
  url: string;
  body: string;
}

const SOURCE = '/assetSources/managed/datature/default';

/** The part of the API that the adapter uses, in memory, on the loopback interface. State stands open to tests. */
export class ViStandIn {
  readonly assets = new Map<string, StandInAsset>();
  readonly sessions = new Map<string, StandInSession>();
  readonly uploads = new Map<
    string,
    { session: string; spec: Record<string, unknown>; parts: Map<number, Buffer>; reported: Set<number> }
  >();
  readonly heard: Heard[] = [];
  readonly faults: Fault[] = [];
  datasets = ['demo'];
  urlLifeMs = 3_600_000;
  partCount = 3;
  hashAlgorithm = 'sha256';
  /** Status of the condition Finished when files have failed. */
  finishedWithErrors: 'Reached' | 'FailedReach' = 'Reached';
  /** Assets are listed only once their session has ended. */
  listsLate = false;
  /** Sessions show which files they are for, also when asked later. */
  tellsFiles = true;
  /** How a deletion of many ends. */
  deletionEnds: 'Reached' | 'FailedReach' = 'Reached';
  arrived: ((route: string) => void) | undefined;
  private made = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ViStandIn> {
    let stand: ViStandIn | undefined = undefined;
    const server = createServer((request, response) => void stand?.serve(request, response));
    stand = new ViStandIn(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return stand;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  routes(of: RegExp): Heard[] {
    return this.heard.filter(({ route }) => of.test(route));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  addAsset(filename: string, content: Buffer, changes: Partial<StandInAsset> = {}): StandInAsset {
    const file = {
      filename,
      mime: 'image/png',
      size: content.byteLength,
      crc32c: null,
      customMetadata: {},
      kind: 'Image',
    };
    const known = [...this.assets.values()].find((asset) => asset.filename === filename);
    const asset = {
      id: known?.id ?? `a${++this.made}`,
      filename,
      content,
      changedAt: Date.now() + this.made / 1000,
      file,
      ...changes,
    };
    this.assets.delete(asset.id);
    this.assets.set(asset.id, asset);
    return asset;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    const { dataset, below } = this.placeOf(url.pathname);
    const route = `${request.method} ${below.replaceAll(/\/(a\d+|s-[\w-]+|m-[\w-]+|\d+)(?=[/:]|$)/g, '/{id}').replace(SOURCE, '')}`;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    this.heard.push({
      route,
      headers: request.headers,
      url: url.href,
      body: below.startsWith('/store') ? '' : body.toString(),
    });
    const fault = this.faults.findIndex((one) => one.route === route);
    const [hit] = fault < 0 ? [] : this.faults.splice(fault, 1);
    if (hit?.drop === 'before') return void request.socket.destroy();
    if (hit?.status !== undefined)
      return answer(response, hit.status, hit.body ?? '{"message":"a fault"}', hit.headers);
    this.arrived?.(route);
    if (dataset !== undefined && !this.datasets.includes(dataset))
      return answer(response, 404, '{"message":"no such dataset"}');
    const { status, json, raw, headers } = this.handle(`${request.method}`, below, url.searchParams, body);
    if (hit?.drop === 'after') return void request.socket.destroy();
    answer(response, status, raw ?? (json === undefined ? '' : JSON.stringify(json)), headers);
  }

  private placeOf(path: string): { dataset?: string; below: string } {
    const [, dataset, below] =
      new RegExp(`^/workspaces/${ORGANIZATION}/datasets/${ORGANIZATION}_([^/]+)(.*)$`).exec(path) ?? [];
    return below === undefined ? { below: path } : { dataset, below };
  }

  private handle(method: string, below: string, query: URLSearchParams, body: Buffer): Reply {
    const [, session, cancel] = new RegExp(`^${SOURCE}/assetIngestionSessions(?:/([^/:]+))?(:cancel)?$`).exec(
      below,
    ) ?? [undefined, '-'];
    if (session === undefined && method === 'POST')
      return { status: 200, json: this.open(JSON.parse(body.toString())) };
    if (session === undefined)
      return this.page(
        [...this.sessions.values()].toReversed().map((one) => this.viewOf(one)),
        query,
      );
    if (session !== '-') return this.session(session, cancel !== undefined);
    if (below.startsWith('/store/contents/')) {
      const content = this.assets.get(below.split('/')[3] ?? '')?.content;
      return { status: content ? 200 : 403, raw: content };
    }
    if (below.startsWith('/store/')) return this.put(below.slice('/store/'.length), query, body);
    if (below.startsWith(`${SOURCE}/multipartUploads`))
      return this.multipart(below.slice(`${SOURCE}/multipartUploads`.length), method, body);
    if (below.startsWith('/deleteManyAssetsSessions')) {
      if (method === 'POST') this.assets.clear();
      const status = method === 'POST' ? 'Waiting' : this.deletionEnds;
      return {
        status: 200,
        json: { deleteManyAssetsSessionId: 'd-1', status: { conditions: [{ condition: 'Finished', status }] } },
      };
    }
    if (below === '/assets:count') return { status: 200, json: { count: this.listed().length } };
    if (below === '/assets')
      return this.page(
        this.listed().map((asset) => assetView(asset, this.hashAlgorithm)),
        query,
      );
    const [, assetId = ''] = /^\/assets\/([^/]+)$/.exec(below) ?? [];
    const asset = this.assets.get(assetId);
    if (!asset) return { status: 404, json: { message: `${assetId} is unknown` } };
    if (method === 'DELETE') return { status: this.assets.delete(assetId) ? 204 : 404 };
    return { status: 200, json: this.assetView(asset, query.get('contents') === 'y') };
  }

  /** Newest content first. */
  private listed(): StandInAsset[] {
    const open = [...this.sessions.values()].filter((session) => !this.isOver(session));
    const isLate = ({ filename }: StandInAsset): boolean =>
      this.listsLate && open.some(({ files }) => files.some((file) => file.filename === filename));
    return [...this.assets.values()].filter((asset) => !isLate(asset)).toReversed();
  }

  private page(all: readonly unknown[], query: URLSearchParams): Reply {
    const size = Number(query.get('s') ?? 10);
    const from = Number(query.get('p') ?? 0);
    const end = from + size;
    return {
      status: 200,
      json: { items: all.slice(from, end), nextPage: end < all.length ? String(end) : null, prevPage: null },
    };
  }

  private open({ spec }: { spec: Record<string, unknown> & { assets: SpecFile[] } }): unknown {
    const { assets: files, ...rest } = spec;
    const session: StandInSession = {
      ...{ id: `s-${randomUUID()}`, createdAt: Date.now(), files, spec: rest, expiry: Date.now() + this.urlLifeMs },
      ...{ done: new Set<string>(), errors: new Map<string, string>(), cancelled: false },
    };
    this.sessions.set(session.id, session);
    return this.viewOf(session, true);
  }

  private assetView(asset: StandInAsset, withContents: boolean): object {
    const signed = (what: string) => ({
      url: `${this.origin}/store/contents/${asset.id}/${what}?sig=secret`,
      ...{ expiry: Date.now() + this.urlLifeMs, headers: { 'x-of-url': 'yes' }, method: 'GET' },
    });
    const contents = withContents && { contents: { asset: signed('asset'), thumbnail: signed('thumbnail') } };
    return { ...assetView(asset, this.hashAlgorithm), ...contents };
  }

  private session(id: string, cancels: boolean): Reply {
    const session = this.sessions.get(id);
    if (!session) return { status: 404, json: { message: `session ${id} is unknown` } };
    if (cancels) session.cancelled = true;
    return cancels ? { status: 200 } : { status: 200, json: this.viewOf(session) };
  }

  private isOver({ files, done, errors, cancelled }: StandInSession): boolean {
    return cancelled || done.size + errors.size >= files.length;
  }

  private viewOf(session: StandInSession, atOpening = false): unknown {
    const { id, files, spec, expiry, done, errors, createdAt } = session;
    const finished = errors.size > 0 || session.cancelled ? this.finishedWithErrors : 'Reached';
    const urlOf = (filename: string): string => `${this.origin}/store/${id}/${encodeURIComponent(filename)}?sig=secret`;
    const assets = files.map((metadata) => ({
      metadata,
      upload: { url: urlOf(metadata.filename), expiry, headers: { 'content-type': metadata.mime }, method: 'PUT' },
    }));
    return {
      ...{
        workspaceId: ORGANIZATION,
        datasetId: `${ORGANIZATION}_demo`,
        assetIngestionSessionId: id,
        ingestionId: `i-${id}`,
      },
      ...{
        assetSourceClass: 'managed',
        assetSourceProvider: 'datature',
        assetSourceId: 'default',
        selfLink: '',
        etag: 'e',
      },
      kind: 'AssetIngestionSession',
      metadata: { timeCreated: createdAt, lastUpdated: Date.now(), generation: 1, attributes: {} },
      spec,
      status: {
        conditions: [
          { condition: 'Finished', status: this.isOver(session) ? finished : 'Waiting', lastTransitionTime: createdAt },
          { condition: 'Started', status: 'Reached', lastTransitionTime: createdAt },
        ],
        events:
          errors.size > 0
            ? [{ kind: 'Error', files: Object.fromEntries(errors), corrections: {}, time: createdAt }]
            : [],
        progressCount: { total: files.length, succeeded: done.size, errored: errors.size },
        ...((atOpening || this.tellsFiles) && { assets }),
      },
    };
  }

  private put(path: string, query: URLSearchParams, body: Buffer): Reply {
    const [id = '', name = ''] = path.split('/');
    const part = query.get('part');
    if (part !== null) {
      const [expiry = 0, issued = 0] = ['expiry', 'issued'].map((name) => Number(query.get(name)));
      return this.putPart(id, Number(part), body, { expiry, issued });
    }
    const session = this.sessions.get(id);
    const filename = decodeURIComponent(name);
    const file = session?.files.find((one) => one.filename === filename);
    if (!session || !file || session.cancelled || Date.now() >= session.expiry) return { status: 403 };
    this.take(session, file, body);
    return { status: 200 };
  }

  private take(session: StandInSession, file: SpecFile, body: Buffer): void {
    const { filename, mime } = file;
    const isPng = body.subarray(1, 4).toString() === 'PNG';
    if (body.byteLength !== file.size) session.errors.set(filename, 'EBADSIZE');
    else if (file.crc32c !== null && file.crc32c !== (crc32c(body) | 0)) session.errors.set(filename, 'ECORRUPT');
    else if (mime === 'image/png' && !isPng) session.errors.set(filename, 'EBADMIME');
    else {
      session.done.add(filename);
      this.addAsset(filename, body, { file });
    }
  }

  private multipart(below: string, method: string, body: Buffer): Reply {
    const [, id = '', part, completion] = /^(?:\/([^/]+))?(?:\/parts\/(\d+))?(\/completion)?$/.exec(below) ?? [];
    if (id === '') {
      const { spec } = JSON.parse(body.toString()) as { spec: Record<string, unknown> };
      const made = `m-${randomUUID()}`;
      const session = String(spec.ingestionId).replace(/^i-/, '');
      this.uploads.set(made, { session, spec, parts: new Map(), reported: new Set() });
      return { status: 200, json: { multipartUploadId: made, status: { conditions: [], partCount: this.partCount } } };
    }
    const upload = this.uploads.get(id);
    const session = this.sessions.get(upload?.session ?? '');
    if (!upload || !session || session.cancelled) return { status: 404, json: { message: `upload ${id} is unknown` } };
    if (method === 'DELETE') return { status: this.uploads.delete(id) ? 200 : 404 };
    if (part !== undefined && completion === undefined) {
      const expiry = Date.now() + this.urlLifeMs;
      const url = `${this.origin}/store/${id}/p?part=${part}&expiry=${expiry}&issued=${++this.issuedUrls}&sig=secret`;
      return { status: 200, json: { method: 'PUT', url, expiry, responseHeaders: ['ETag'], responseBody: false } };
    }
    if (part !== undefined) {
      const { responseHeaders } = JSON.parse(body.toString()) as { responseHeaders: Record<string, string> };
      const kept = upload.parts.get(Number(part));
      if (!kept || responseHeaders.ETag !== `"${md5Of(kept)}"`)
        return { status: 400, json: { message: 'no such part' } };
      upload.reported.add(Number(part));
      return { status: 200 };
    }
    if (upload.reported.size < this.partCount) return { status: 400, json: { message: 'parts are missing' } };
    const whole = Buffer.concat([...upload.parts].toSorted(([one], [other]) => one - other).map(([, bytes]) => bytes));
    const file = session.files.find(({ filename }) => filename === upload.spec.filename);
    if (file) this.take(session, file, whole);
    return { status: 200 };
  }

  private putPart(
    id: string,
    part: number,
    body: Buffer,
    { expiry, issued }: { expiry: number; issued: number },
  ): Reply {
    const upload = this.uploads.get(id);
    if (!upload || this.sessions.get(upload.session)?.cancelled) return { status: 404 };
    if (Date.now() >= expiry || issued <= this.refusedUrls) return { status: 403 };
    upload.parts.set(part, body);
    return { status: 200, headers: { etag: `"${md5Of(body)}"` } };
  }

  /** URLs of parts, in the order in which they are given out; up to the second number they are refused. */
  issuedUrls = 0;
  refusedUrls = 0;
}

interface Reply {
  status: number;
  json?: unknown;
  raw?: Buffer;
  headers?: Record<string, string>;
}

function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}
