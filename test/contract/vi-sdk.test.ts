import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PART_ROUTE } from '../../emulator/datature-vi/rules/signed-urls';
import { ORGANIZATION, SECRET_KEY, ViApi } from '../support/servers/vi-emulator';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(180_000);

const SAMPLES = path.resolve(__dirname, '../../samples');
const JPEGS = ['portrait-1.jpg', 'portrait-3.jpg'];

let folder: string;
let pictures: string;
let api: ViApi;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vi-sdk-'));
  pictures = path.join(folder, 'pictures');
  await mkdir(pictures);
  for (const name of JPEGS) await copyFile(path.join(SAMPLES, name), path.join(pictures, name));
  api = await ViApi.start({ datasets: ['sdk'], settings: { partBytes: 20_000 } });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs pytest. @returns its summary: `15 passed in 2.1s` */
async function pytest(args: string[], cwd: string, environment: Record<string, string> = {}): Promise<string> {
  const { python } = testTools().viSdk;
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    NO_PROXY: '127.0.0.1,localhost',
    PYTHONDONTWRITEBYTECODE: '1',
    VI_ENABLE_FILE: 'false',
    VI_TEST_PICTURES: pictures,
    DATATURE_VI_SECRET_KEY: SECRET_KEY,
    DATATURE_VI_ORGANIZATION_ID: ORGANIZATION,
    DATATURE_VI_API_ENDPOINT: api.emulator.url,
    ...environment,
  };
  const options = ['-m', 'pytest', '-o', 'addopts=', '-p', 'no:cacheprovider', '-q', '--tb=short', ...args];
  try {
    const { stdout } = await promisify(execFile)(python, options, { cwd, env });
    return stdout.trim().split('\n').at(-1) ?? '';
  } catch (error) {
    throw new Error(`pytest failed:\n${(error as { stdout?: string }).stdout ?? String(error)}`, { cause: error });
  }
}

test('the SDK’s own integration tests of assets pass to the last one, none skipped', async () => {
  const { sources } = testTools().viSdk;
  await api.upload({ 'first.jpg': await readFile(path.join(pictures, 'portrait-1.jpg')) });
  const [asset] = await api.assets();
  const summary = await pytest(['tests/integrations/test_assets_integration.py'], sources, {
    TEST_DATASET_ID: 'demo',
    TEST_ASSET_ID: asset?.assetId ?? '',
    TEST_ASSET_FOLDER_PATH: pictures,
    CLEANUP_TEST_UPLOADS: '1',
    TEST_LARGE_DOWNLOAD: '1',
  });
  expect(summary).toMatch(/^17 passed\b/);
  expect(summary).not.toMatch(/skipped|failed|error/);
});

test('list, get, uploads, wait, download and delete work with the SDK as it is', async () => {
  await api.control.addDataset('sdk').catch(() => undefined); // there already
  const summary = await pytest([path.join(__dirname, 'vi-sdk/suite.py')], folder);
  expect(summary).toMatch(/^11 passed\b/);
  const counters = await api.control.counters();
  expect(counters[PART_ROUTE]?.byStatus['200']).toBeGreaterThan(1);
  expect((await api.control.partCounters()).withApiKey).toBe(0);
});
