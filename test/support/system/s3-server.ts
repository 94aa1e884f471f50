import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { testTools } from './test-tools';
import { freePort } from './free-port';

/** Node 20 is supported for as long as the SDK's version is pinned; the reminder is no output of a test. */
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5000;
/** Marks that must never be seen in an error, a log or a heartbeat. */
export const ACCESS_KEY = 'TESTACCESSKEY';
export const SECRET_KEY = 'test-secret-key-of-s3';

/** Takes away whatever this machine is set up with, so that tests find the credentials they were given and no others. */
const NOT_THIS_MACHINES = {
  AWS_PROFILE: '',
  AWS_SESSION_TOKEN: '',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** A real S3-compatible server on loopback, with its objects in a temporary folder. */
export class S3Server {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly client: S3Client,
  ) {}

  static async start(): Promise<S3Server> {
    const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-s3-'));
    const [objects, versions, metadata] = ['objects', 'versions', 'metadata'].map((name) => path.join(folder, name));
    for (const part of [objects, versions, metadata]) await mkdir(String(part));
    const port = await freePort();
    const child = spawn(
      testTools().s3Server,
      // Metadata in files of their own: not every temporary folder has extended attributes.
      [
        ...['--quiet', '--keep-alive', '--health', '/health', '--port', `127.0.0.1:${port}`, 'posix'],
        ...['--sidecar', String(metadata), '--versioning-dir', String(versions), String(objects)],
      ],
      { env: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const url = `http://127.0.0.1:${port}`;
    const client = new S3Client({
      endpoint: url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    });
    const server = new S3Server(url, child, folder, client);
    process.once('exit', server.kill);
    try {
      await untilHealthy(url, child);
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** What the AWS SDK needs to find this server. */
  get environment(): Record<string, string> {
    return {
      ...NOT_THIS_MACHINES,
      AWS_ENDPOINT_URL_S3: this.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
    };
  }

  async makeBucket(bucket: string, { versioned = false } = {}): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: bucket }));
    if (!versioned) return;
    const on = { Status: 'Enabled' } as const;
    await this.client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: on }));
  }

  /** Answers the version id, in a versioned bucket. */
  async put(bucket: string, key: string, body: string | Buffer): Promise<string | undefined> {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentLength: Buffer.byteLength(body),
    });
    const { VersionId } = await this.client.send(command);
    return VersionId;
  }

  async get(bucket: string, key: string): Promise<string> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }

  async delete(bucket: string, key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  }

  /** How often objects were written to a versioned bucket. */
  async writesTo(bucket: string): Promise<number> {
    const { Versions = [] } = await this.client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    return Versions.length;
  }

  async close(): Promise<void> {
    process.removeListener('exit', this.kill);
    this.client.destroy();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const killer = setTimeout(this.kill, STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(killer);
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private readonly kill = (): void => {
    this.child.kill('SIGKILL');
  };
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)));
  }
  let broken: Error | undefined;
  child.once('error', (error) => (broken = error));
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (broken || child.exitCode !== null) throw new Error(`the S3 server did not start: ${broken?.message ?? words}`);
    const healthy = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) return;
    if (Date.now() > deadline) throw new Error(`the S3 server does not answer at ${url}: ${words}`);
    await delay(50);
  }
}
