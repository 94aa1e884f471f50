import { loadConfig } from '../../../src/config';
import { ConfigError } from '../../../src/config-error';
import { openAccounts, type OpenedAccounts } from '../../../src/providers/open-account';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';

const TWELVELABS = { TWELVE_LABS_API_KEY: 'tlk_TESTKEY0SECRET0TESTKEY' };
const SECRET_KEY = `dtvi_${'k'.repeat(98)}`;
const DATATURE_VI = { DATATURE_VI_SECRET_KEY: SECRET_KEY, DATATURE_VI_ORGANIZATION_ID: 'org-1' };

let requests: string[];
let elsewhere: Awaited<ReturnType<typeof serveOnLoopback>>;
let opened: OpenedAccounts | undefined;
beforeEach(async () => {
  requests = [];
  elsewhere = await serveOnLoopback(({ url }, response) => {
    requests.push(String(url));
    response.end(url === '/_emulator/' ? JSON.stringify({ emulator: 'twelvelabs' }) : '{}');
  });
});
afterEach(async () => {
  await Promise.all((opened?.accounts ?? []).map((account) => account.close()));
  opened = undefined;
  await elsewhere.close();
});

async function open(environment: NodeJS.ProcessEnv): Promise<OpenedAccounts> {
  opened = await openAccounts(loadConfig(environment));
  return opened;
}
const names = ({ accounts }: OpenedAccounts): string[] => accounts.map(({ name }) => name);

test('every provider that has its credentials is served, in the order of the registry', async () => {
  const both = await open({ ...DATATURE_VI, ...TWELVELABS });
  expect(names(both)).toEqual(['twelvelabs', 'datature-vi']);
  expect(both.notServed).toEqual([]);
});

test('a provider without credentials is not served, and the missing variable is named', async () => {
  const one = await open(TWELVELABS);
  expect(names(one)).toEqual(['twelvelabs']);
  expect(one.notServed).toEqual([
    {
      name: 'datature-vi',
      title: 'Datature Vi',
      because: 'DATATURE_VI_SECRET_KEY: not set; set it to the secret key of the organization',
    },
  ]);
  await Promise.all(one.accounts.map((account) => account.close()));

  const other = await open({ ...DATATURE_VI, TWELVE_LABS_API_KEY: '  ' });
  expect(names(other)).toEqual(['datature-vi']);
  expect(other.notServed).toEqual([
    expect.objectContaining({ because: expect.stringMatching(/^TWELVE_LABS_API_KEY: not set/) }),
  ]);
});

test('an emulator needs no credentials where its provider says so', async () => {
  expect(names(await open({ TWELVELABS_BASE_URL: `${elsewhere.url}/v1.3` }))).toEqual(['twelvelabs']);
  expect(requests).toEqual(['/_emulator/']);
});

test('without any credentials nothing is opened, and what may be set is named for each provider', async () => {
  const none = open({});
  await expect(none).rejects.toThrow(ConfigError);
  await expect(none).rejects.toThrow(
    /^no provider to serve; TwelveLabs: TWELVE_LABS_API_KEY: not set.*; or Datature Vi: DATATURE_VI_SECRET_KEY: not set/,
  );
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  [
    'a key without an organization',
    { DATATURE_VI_SECRET_KEY: SECRET_KEY },
    'DATATURE_VI_ORGANIZATION_ID: not set; set it to the id of the organization of the secret key',
  ],
  [
    'an organization without a key',
    { DATATURE_VI_ORGANIZATION_ID: 'org-1' },
    'DATATURE_VI_SECRET_KEY: not set; set it to the secret key of the organization',
  ],
  [
    'a key that is too short',
    { ...DATATURE_VI, DATATURE_VI_SECRET_KEY: SECRET_KEY.slice(1) },
    'DATATURE_VI_SECRET_KEY: is no secret key: one begins with "dtvi_" and has 103 characters, this one has 102',
  ],
  [
    'an organization that is no id',
    { ...DATATURE_VI, DATATURE_VI_ORGANIZATION_ID: 'org/1' },
    'DATATURE_VI_ORGANIZATION_ID: must be 1 to 255 letters, digits, "_" and "-"',
  ],
])('%s is refused before any request, also beside a provider that could be served', async (_what, half, because) => {
  const refused = open({ TWELVELABS_BASE_URL: `${elsewhere.url}/v1.3`, ...half });
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(because);
  await expect(refused).rejects.not.toThrow(/kkkk/); // no part of a key
  expect(requests).toEqual([]);
});
