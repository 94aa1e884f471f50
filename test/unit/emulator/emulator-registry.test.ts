import { EMULATORS, placesOf } from '../../../emulator/registry';
import { loadConfig } from '../../../src/config';
import { openAccount } from '../../../src/providers/open-account';
import { DEFAULT_PROVIDER, declarationOf, providerNames } from '../../../src/providers/registry';

const processing = { baseMs: 0, msPerMegabyte: 0 };

test('every provider has an emulator, and that of the default provider comes first', () => {
  expect(EMULATORS.map(({ name }) => name).toSorted()).toEqual(providerNames().toSorted());
  expect(EMULATORS[0].name).toBe(DEFAULT_PROVIDER);
  for (const { name, title } of EMULATORS) expect(title).toBe(declarationOf(name).title);
});

test.each(EMULATORS)('the settings of a worker for the $title emulator name the URL of its API', async (kind) => {
  const emulator = await kind.start({ port: 0, processing });
  try {
    const settings = Object.values(declarationOf(kind.name).emulatorEnvironment(emulator.origin));
    expect(settings.filter((value) => value.startsWith('http'))).toEqual([emulator.url]);
    const told = (await (await fetch(`${emulator.controlUrl}/`)).json()) as { emulator: string };
    expect(told.emulator).toBe(kind.name);
  } finally {
    await emulator.close();
  }
});

test('a second emulator gets the ports beside the first one’s, and a state folder of its own', () => {
  const second = { ...EMULATORS[0], name: 'other' };
  const first = { port: 8090, storePort: 0, stateFolder: '/state', processing };
  const places = placesOf(first, [EMULATORS[0], second]);
  expect(places.map(({ options }) => options)).toEqual([first, { ...first, port: 8092, stateFolder: '/state/other' }]);
});

test.each(EMULATORS)('the $title emulator starts by itself, with its own flags, and says who it is', async (kind) => {
  const emulator = await kind.start({ port: 0, storePort: 0, processing, flags: { sessionLimit: 3 } });
  try {
    const told = (await (await fetch(`${emulator.controlUrl}/`)).json()) as { emulator: string };
    expect(told.emulator).toBe(kind.name);
    expect(new URL(emulator.storeUrl).port).not.toBe(new URL(emulator.url).port);
    if (kind.name !== 'datature-vi') return;
    const settings = (await (await fetch(`${emulator.controlUrl}/settings`)).json()) as { sessionLimit: unknown };
    expect(settings.sessionLimit).toEqual({ most: 3, windowMs: 300_000 });
  } finally {
    await emulator.close();
  }
});

test.each(EMULATORS)('the $title emulator has its places from the start', async (kind) => {
  const emulator = await kind.start({ port: 0, processing });
  const environment = declarationOf(kind.name).emulatorEnvironment(emulator.origin);
  const account = await openAccount(loadConfig(environment), kind.name);
  try {
    expect(kind.places.length > 0).toBe(account.within !== undefined);
    for (const place of kind.places) {
      expect((await account.within?.(place).assets.list({}))?.items).toEqual([]);
    }
  } finally {
    await account.close();
    await emulator.close();
  }
});
