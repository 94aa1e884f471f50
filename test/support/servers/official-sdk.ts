import { TwelveLabs } from 'twelvelabs-js';
import type { EmulatorOptions } from '../../../emulator/twelvelabs/start-emulator';
import { ProviderApi } from './provider-api';

const VARIABLE = 'TWELVELABS_BASE_URL';

/** The official client, unmodified, and the emulator that it talks to. */
export class OfficialSdk {
  readonly client = new TwelveLabs({ apiKey: 'tlk_any' });

  private constructor(
    readonly api: ProviderApi,
    private readonly baseUrlBefore: string | undefined,
  ) {}

  static async start(options: EmulatorOptions): Promise<OfficialSdk> {
    const api = await ProviderApi.start(options);
    const before = process.env[VARIABLE];
    process.env[VARIABLE] = api.emulator.url; // the SDK has no option for it
    return new OfficialSdk(api, before);
  }

  async close(): Promise<void> {
    if (this.baseUrlBefore === undefined) delete process.env[VARIABLE];
    else process.env[VARIABLE] = this.baseUrlBefore;
    await this.api.close();
  }
}
