import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EmulatorControl } from '../../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../../emulator/twelvelabs/start-emulator';

const SAMPLES = path.resolve(__dirname, '../../../samples');

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { data?: Record<string, unknown>[] };
}

/** The emulator, asked as any HTTP client would, with nothing of the adapter in between. */
export class ProviderApi {
  private constructor(
    readonly emulator: Emulator,
    readonly control: EmulatorControl,
  ) {}

  static async start(options: EmulatorOptions = {}): Promise<ProviderApi> {
    const emulator = await startEmulator({ processing: { baseMs: 0, msPerMegabyte: 0 }, ...options });
    return new ProviderApi(emulator, new EmulatorControl(emulator.controlUrl));
  }

  close = (): Promise<void> => this.emulator.close();

  async call(method: string, route: string, body?: object): Promise<Reply> {
    const response = await fetch(`${this.emulator.url}${route}`, {
      method,
      headers: { 'x-api-key': 'k', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return replyOf(response);
  }

  /** @returns the id of a ready asset. */
  async upload(sample: string, fields: Record<string, string> = {}): Promise<string> {
    return this.uploadBytes(await readFile(path.join(SAMPLES, sample)), sample, fields);
  }

  async uploadBytes(bytes: Uint8Array, filename: string, fields: Record<string, string> = {}): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([Buffer.from(bytes)]), filename);
    form.append('method', 'direct');
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const response = await fetch(`${this.emulator.url}/assets`, {
      method: 'POST',
      headers: { 'x-api-key': 'k' },
      body: form,
    });
    const { status, body } = await replyOf(response);
    if (status !== 201) throw new Error(`POST /assets: ${status} ${JSON.stringify(body)}`);
    return String(body._id);
  }

  async index(name: string, options = ['visual', 'audio']): Promise<string> {
    const models = [{ model_name: 'marengo3.0', model_options: options }];
    return String((await this.call('POST', '/indexes', { index_name: name, models })).body._id);
  }
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: (text ? JSON.parse(text) : {}) as Reply['body'] };
}
