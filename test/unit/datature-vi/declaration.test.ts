import { datatureVi } from '../../../src/providers/datature-vi/declaration';
import { NO_PROXIES } from '../../../src/http/proxy-settings';
import { SECRET_KEY } from './account';

const read = (environment: Record<string, string>) => datatureVi.environment.safeParse(environment);
const http = { requestTimeoutMs: 1000, proxies: NO_PROXIES };

async function opening(environment: Record<string, string>): Promise<string> {
  const settings = datatureVi.environment.parse(environment);
  const provider = await datatureVi.open(settings, http).catch((error: unknown) => (error as Error).message);
  if (typeof provider === 'string') return provider;
  await provider.close();
  return provider.name;
}

const ORGANIZATION = { DATATURE_VI_ORGANIZATION_ID: 'org' };

test.each([
  ['no key', ORGANIZATION, /^DATATURE_VI_SECRET_KEY: not set/],
  [
    'a key that is too short',
    { ...ORGANIZATION, DATATURE_VI_SECRET_KEY: 'dtvi_short' },
    /103 characters, this one has 10$/,
  ],
  ['a key that is too long', { ...ORGANIZATION, DATATURE_VI_SECRET_KEY: `${SECRET_KEY}x` }, /has 104$/],
  ['a key of another service', { ...ORGANIZATION, DATATURE_VI_SECRET_KEY: 'k'.repeat(103) }, /begins with "dtvi_"/],
  ['no organization', { DATATURE_VI_SECRET_KEY: SECRET_KEY }, /^DATATURE_VI_ORGANIZATION_ID: not set/],
  [
    'an organization that is no id',
    { DATATURE_VI_SECRET_KEY: SECRET_KEY, DATATURE_VI_ORGANIZATION_ID: 'a/b' },
    /letters/,
  ],
])('%s is said before any request, without the key', async (_name, environment, words) => {
  const said = await opening(environment);
  expect(said).toMatch(words);
  expect(said).not.toContain('kkkk');
  expect(said).not.toContain('\n');
});

test('the emulator’s environment opens an account', async () => {
  const environment = datatureVi.emulatorEnvironment('http://127.0.0.1:8092');
  expect(await opening(environment)).toBe('datature-vi');
  expect(datatureVi.baseUrl(datatureVi.environment.parse(environment))).toBe('http://127.0.0.1:8092');
});

test.each(['http://host/prefix', 'http://host/?a=1', 'ftp://host', 'http://user@host'])(
  'the endpoint %s is refused: the official SDK would go elsewhere',
  (endpoint) => {
    expect(read({ DATATURE_VI_API_ENDPOINT: endpoint }).success).toBe(false);
  },
);

test('the endpoint is the vendor’s by default, and a slash at its end is no path', () => {
  expect(read({}).data?.endpoint).toBe('https://api.vi.datature.com');
  expect(read({ DATATURE_VI_API_ENDPOINT: 'http://127.0.0.1:1/' }).data?.endpoint).toBe('http://127.0.0.1:1');
});

const input = (changes: object) =>
  datatureVi
    .input([])
    .safeParse({ provider: 'datature-vi', datasetId: 'demo', source: { type: 'file', path: 'a.png' }, ...changes });

test('a dataset and a source are all that an input needs', () => {
  expect(input({}).data).toMatchObject({ datasetId: 'demo', branch: { type: 'none' } });
  expect(
    input({ onAssetOverwritten: 'KeepLinkedResource', source: { type: 's3', bucket: 'b-1', key: 'a.png' } }).success,
  ).toBe(true);
});

test.each([
  ['a source by URL', { source: { type: 'url', url: 'https://media.example/a.png' } }],
  ['an existing asset', { source: { type: 'asset', assetId: 'a1' } }],
  ['no dataset', { datasetId: undefined }],
  ['a dataset that is no id', { datasetId: 'a/b' }],
  ['a mode that there is not', { onAssetOverwritten: 'KeepLinkedResources' }],
  ['a name with a slash', { filename: 'a/b.png' }],
  ['nested metadata', { metadata: { a: { b: 1 } } }],
  ['a branch', { branch: { type: 'embed' } }],
  ['a field of another provider', { enableHls: true }],
])('%s is refused', (_name, changes) => {
  expect(input(changes).success).toBe(false);
});

const facts = { source: 'file', method: 'auto', field: 'source.path' } as const;
const GIBIBYTE = 1024 ** 3;
const route = (filename: string, sizeBytes: number, method: 'auto' | 'direct' | 'multipart' = 'auto'): string => {
  try {
    return datatureVi.route({ ...facts, filename, sizeBytes, method });
  } catch (error) {
    const { type, message } = error as { type?: string; message: string };
    expect(message).toContain('source.path');
    return type ?? message;
  }
};

test.each([
  ['a.png', 1, 'whole'],
  ['a.JPG', 256 * 1024 ** 2, 'whole'],
  ['a.jfif', 256 * 1024 ** 2 + 1, 'PayloadTooLarge'],
  ['a.mp4', GIBIBYTE - 1, 'whole'],
  ['a.mkv', GIBIBYTE, 'parts'],
  ['a.mov', 512 * GIBIBYTE, 'parts'],
  ['a.mov', 512 * GIBIBYTE + 1, 'PayloadTooLarge'],
  ['a.png', 0, 'InvalidRequest'],
  ['a.svg', 1, 'InvalidRequest'],
  ['a.mp3', 1, 'InvalidRequest'],
  ['png', 1, 'InvalidRequest'],
])('%s of %i bytes: %s', (filename, sizeBytes, expected) => {
  expect(route(filename, sizeBytes)).toBe(expected);
});

test('parts can be asked for, and a whole upload only of what goes whole', () => {
  expect(route('a.mp4', 5, 'multipart')).toBe('parts');
  expect(route('a.mp4', GIBIBYTE, 'direct')).toBe('PayloadTooLarge');
  expect(() => datatureVi.route({ ...facts, filename: 'a.png' })).toThrow('size is not known');
});
