import { importsOf, sourcesIn, type ImportOf, type SourceText } from '../../support/imports';

interface Layer {
  files: RegExp;
  /** Files below the root that it may import. */
  may: RegExp[];
  /** Packages that it may import; any when left out. */
  packages?: RegExp;
  /** What it may import only by a dynamic import, so that others do not pay for it. */
  lazily?: RegExp[];
}

const contracts = /^src\/contracts\//;
const ports =
  /^src\/(providers\/(media-provider|upload-sessions|shared\/(read-pages|watch\/status-watcher|parts\/[^/]+))|storage\/(files\/(source-[^/]+|file-sources)|results\/result-store))$/;
const emulator = /^emulator\//;
const storagePorts = /^src\/storage\/(files\/source-(file|bytes|fingerprint)|s3\/s3-codes)$/;

/** Who may import whom, and nothing else. The first layer that matches a file counts. */
const LAYERS: Layer[] = [
  { files: /^src\/contracts\//, may: [contracts], packages: /^(zod|@temporalio\/common)$/ },
  { files: /^src\/workflows\//, may: [contracts, /^src\/workflows\//], packages: /^@temporalio\/(workflow|common)$/ },
  {
    files: /^src\/activities\//,
    may: [contracts, ports, /^src\/activities\//, /^src\/providers\/twelvelabs\/intake\/file-kind$/],
  },
  { files: /^src\/providers\/registry\.ts$/, may: [/^src\/config$/, /^src\/providers\//] },
  {
    files: /^src\/providers\/shared\//,
    may: [contracts, /^src\/providers\/(shared\/|media-provider$|upload-sessions$)/, storagePorts],
  },
  { files: /^src\/providers\/[^/]+$/, may: [contracts, /^src\/providers\/[^/]+$/, storagePorts] },
  { files: /^src\/providers\//, may: [contracts, /^src\/(providers|http)\//, storagePorts] },
  { files: /^src\/http\//, may: [/^src\/http\//], packages: /^(undici|hpagent|node:)/ },
  { files: /^src\/temporal\//, may: [contracts, /^src\/temporal\//], packages: /^(@temporalio\/|node:(timers|os))/ },
  { files: /^src\/storage\//, may: [contracts, /^src\/(storage|http)\//] },
  {
    files: /^src\/client\//,
    may: [contracts, /^src\/(client|temporal)\//, /^src\/providers\/(media-provider|shared\/read-pages)$/],
  },
  {
    files: /^src\/cli\//,
    may: [
      contracts,
      /^src\/(cli|client|temporal)\//,
      /^src\/(config|providers\/registry)$/,
      /^src\/stack\/(programs|package-root|local-stack)$/,
      /^src\/storage\/files\/file-sources$/,
      /^src\/providers\/(media-provider|twelvelabs\/limits)$/,
      /^emulator\/registry$/,
    ],
    lazily: [/^src\/worker$/, /^src\/(stack|http)\//, emulator],
  },
  {
    files: /^src\/stack\//,
    may: [contracts, /^src\/(stack|temporal|http)\//, /^src\/(config|providers\/registry)$/, /^emulator\/registry$/],
    lazily: [/^src\/worker$/, emulator],
  },
  { files: /^src\/config\.ts$/, may: [contracts, /^src\/http\/proxy-settings$/] },
  { files: /^src\/worker\.ts$/, may: [/^src\/(config|activities|contracts|providers|storage|temporal)/] },
  {
    files: /^src\/index\.m?ts$/,
    may: [/^src\/(index|config|providers\/registry)$/, /^src\/(client|contracts)\//, ports],
  },
  { files: /^emulator\/shared\//, may: [/^emulator\/shared\//] },
  {
    files: /^emulator\/[^/]+\/store\//,
    may: [/^emulator\/([^/]+\/store|shared)\//, /^emulator\/[^/]+\/rules\/errors$/],
  },
  {
    files: /^emulator\/[^/]+\/rules\//,
    may: [/^emulator\/([^/]+\/(rules|store)|shared)\//, /^emulator\/[^/]+\/rate-limits$/],
  },
  { files: /^emulator\//, may: [emulator] },
  { files: /^(scripts|bench|chaos)\//, may: [/^(scripts|bench|chaos|src|emulator)\//] },
];

const FETCHES = /\bfrom 'undici'|\bfetch\(/;
const MAY_FETCH = [
  /^src\/http\/dispatcher\.ts$/, // connections only
  /^src\/providers\/[^/]+\/(client|uploads\/part-store)\.ts$/,
  /^src\/(cli\/demo\/provider|stack\/temporal-server)\.ts$/, // prepare a local emulator; see whether Temporal Web answers
  /^emulator\/(shared\/control\/control-client|[^/]+\/rules\/media\/remote-media)\.ts$/,
];

const isFile = (imported: string): boolean => /^(src|emulator|scripts|bench|chaos|test)\//.test(imported);

function broken(layers: Layer[], { file, imported, lazy }: ImportOf): string | undefined {
  const layer = layers.find(({ files }) => files.test(file));
  if (!layer) return `${file}: belongs to no layer`;
  const allowed = isFile(imported)
    ? [...layer.may, ...(lazy ? (layer.lazily ?? []) : [])].some((pattern) => pattern.test(imported))
    : (layer.packages?.test(imported) ?? true);
  return allowed ? undefined : `${file}: must not import ${imported}${lazy ? ' (lazily)' : ''}`;
}

const problemsOf = (sources: SourceText[]): string[] =>
  sources.flatMap(importsOf).flatMap((one) => broken(LAYERS, one) ?? []);

const sources = sourcesIn(['src', 'emulator', 'scripts', 'bench', 'chaos']);

test('imports point one way', () => {
  expect(sources.length).toBeGreaterThan(80);
  expect(problemsOf(sources)).toEqual([]);
});

test('HTTP is spoken in the provider’s client and nowhere else', () => {
  const product = sources.filter(({ file }) => /^(src|emulator)\//.test(file));
  const speaking = product.filter(({ text }) => FETCHES.test(text)).map(({ file }) => file);
  expect(speaking.filter((file) => !MAY_FETCH.some((pattern) => pattern.test(file)))).toEqual([]);
});

test('no file is longer than 400 lines, and no folder holds more than 12 files', () => {
  expect(sources.filter(({ text }) => text.split('\n').length > 400).map(({ file }) => file)).toEqual([]);
  const folders = new Map<string, number>();
  for (const { file } of sources) {
    const folder = file.slice(0, file.lastIndexOf('/'));
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  expect([...folders].filter(([, files]) => files > 12)).toEqual([]);
});

test.each([
  ['a workflow that reads a file', 'src/workflows/a.ts', `import { readFile } from 'node:fs';`],
  ['a workflow that knows an activity', 'src/workflows/a.ts', `import { x } from '../activities/submit-source';`],
  ['an activity that knows an adapter', 'src/activities/a.ts', `import { x } from '../providers/twelvelabs/client';`],
  ['a client that knows the configuration', 'src/client/a.ts', `import { loadConfig } from '../config';`],
  ['an emulator that knows the product', 'emulator/rules/a.ts', `import type { X } from '../../src/contracts/ids';`],
  ['a command that loads the worker at once', 'src/cli/commands/a.ts', `import { startWorker } from '../../worker';`],
  ['a product that knows its tests', 'src/client/a.ts', `import { x } from '../../test/support/fake-provider';`],
])('the check can fail: %s', (_name, file, text) => {
  expect(problemsOf([{ file, text }])).toHaveLength(1);
});
