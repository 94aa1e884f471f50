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
/** The port, and what is shared by all who use it. */
const port =
  /^src\/providers\/(media-provider|assets|ingestions|intake|part-uploads|branch-kind|outcome|shared\/(newest-pages|gather-submissions|marks-beside|read-pages|watch\/status-watcher|parts\/[^/]+))$/;
/** What is known of the providers without an account: no HTTP. */
const registry = /^src\/providers\/(registry|provider-declaration|input-schemas|branch-kind)$/;
const storagePorts = /^src\/storage\/(files\/(source-[^/]+|file-sources)|results\/(result|mark)-store)$/;
/** What providers keep beside the results, which take no marks themselves. */
const besideResults = /^src\/storage\/results\/(mark-store|departure-notes)$/;
const sourceBytes = /^src\/storage\/(files\/source-(file|bytes|fingerprint)|s3\/s3-codes)$/;
/** What batches keep in a store, whichever it is. */
const batchStorage = /^src\/storage\/batches\/(?!folder-|open-)/;
/** What is known of a source's content, and the reader of it. */
const mediaFacts = /^src\/media\/media-facts$/;
const media = /^src\/media\//;
const configError = /^src\/config-error$/;
const emulator = /^emulator\//;

/** A vendor's emulator: routes, then rules, then store. */
function emulatorLayers(vendor: string): Layer[] {
  const below = (parts: string): RegExp => new RegExp(`^emulator/(${vendor}/(${parts})|shared/)`);
  return [
    { files: new RegExp(`^emulator/${vendor}/store/`), may: [below('store/|rules/errors$')] },
    { files: new RegExp(`^emulator/${vendor}/rules/`), may: [below('rules/|store/|rate-limits$')] },
    { files: new RegExp(`^emulator/${vendor}/`), may: [below('')] },
  ];
}

/** Who may import whom, and nothing else. The first layer that matches a file counts. */
const LAYERS: Layer[] = [
  { files: /^src\/contracts\//, may: [contracts], packages: /^(zod|@temporalio\/common)$/ },
  { files: /^src\/workflows\//, may: [contracts, /^src\/workflows\//], packages: /^@temporalio\/(workflow|common)$/ },
  {
    files: /^src\/activities\//,
    may: [contracts, port, registry, storagePorts, batchStorage, media, /^src\/(activities|batch)\//],
  },
  { files: /^src\/providers\/open-account\.ts$/, may: [contracts, port, registry, configError, /^src\/config$/] },
  {
    files: /^src\/providers\/(registry|provider-declaration|input-schemas)\.ts$/,
    may: [
      contracts,
      port,
      registry,
      mediaFacts,
      /^src\/providers\/[^/]+\/(declaration|input)$/,
      /^src\/http\/proxy-settings$/,
    ],
  },
  {
    files: /^src\/providers\/(shared\/.*|[^/]+)$/,
    may: [contracts, port, mediaFacts, /^src\/providers\/shared\//, sourceBytes, besideResults],
  },
  ...['twelvelabs', 'datature-vi'].map((vendor): Layer => ({
    files: new RegExp(`^src/providers/${vendor}/`),
    may: [
      ...[contracts, port, registry, configError, mediaFacts, sourceBytes, besideResults],
      new RegExp(`^src/(providers/(shared|${vendor})|http)/`),
    ],
  })),
  {
    files: /^src\/batch\//,
    may: [contracts, registry, storagePorts, batchStorage, mediaFacts, /^src\/(batch\/|client\/default-key$)/],
    packages: /^(zod|picomatch|csv-parse|mime-types|node:(crypto|path|stream|util))$/,
  },
  { files: /^src\/http\//, may: [/^src\/http\//], packages: /^(undici|hpagent|node:)/ },
  {
    files: /^src\/temporal\//,
    may: [contracts, /^src\/temporal\//],
    packages: /^(@temporalio\/|node:(timers|os|path))/,
  },
  { files: media, may: [media, sourceBytes], packages: /^(image-size|mediainfo\.js|node:(path|stream))$/ },
  { files: /^src\/storage\//, may: [contracts, /^src\/(storage|http)\//] },
  {
    files: /^src\/client\//,
    may: [
      contracts,
      port,
      registry,
      /^src\/(client|temporal)\//,
      /^src\/batch\/(accept-batch|read-batch|report)$/,
      batchStorage, // a client that has the workers' store reads reports there
      /^src\/storage\/files\/(file-sources|source-bytes)$/, // of uploads without a lifecycle
    ],
  },
  {
    files: /^src\/cli\//,
    may: [
      contracts,
      port,
      registry,
      configError,
      /^src\/(cli|client|temporal)\//,
      /^src\/(config|providers\/open-account|batch\/(plan\/plan-items|report))$/,
      /^src\/stack\/(programs|package-root|local-stack|dev\/beside-dev)$/,
      /^src\/storage\/files\/(file-sources|source-(bytes|object))$/,
      mediaFacts,
      /^emulator\/registry$/,
    ],
    lazily: [/^src\/(worker|plan-batch)$/, /^src\/(stack|http|media|storage)\//, emulator],
  },
  {
    files: /^src\/stack\//,
    may: [
      contracts,
      registry,
      configError,
      /^src\/(stack|temporal|http)\//,
      /^src\/(config|providers\/open-account)$/,
      /^emulator\/registry$/,
    ],
    lazily: [/^src\/worker$/, emulator],
  },
  { files: /^src\/config-error\.ts$/, may: [] },
  { files: /^src\/config\.ts$/, may: [contracts, registry, configError, /^src\/http\/proxy-settings$/] },
  {
    files: /^src\/worker\.ts$/,
    may: [contracts, port, configError, /^src\/config$/, /^src\/(activities|media|storage|temporal)\//],
  },
  {
    files: /^src\/plan-batch\.ts$/,
    may: [contracts, registry, /^src\/config$/, /^src\/temporal\/errors$/, /^src\/(batch|media|storage)\//],
  },
  {
    files: /^src\/index\.m?ts$/,
    may: [
      contracts,
      port,
      registry,
      /^src\/(index|config|providers\/open-account|temporal\/(errors|runs\/(list-query|run-status)))$/,
      /^src\/(client\/|batch\/(report|plan\/plan-items)$|storage\/batches\/open-shared-files$)/,
    ],
    lazily: [/^src\/plan-batch$/],
  },
  { files: /^emulator\/registry\.ts$/, may: [/^emulator\/(shared\/|[^/]+\/start-emulator$)/], lazily: [emulator] },
  { files: /^emulator\/shared\//, may: [/^emulator\/shared\//] },
  ...['twelvelabs', 'datature-vi'].flatMap(emulatorLayers),
  { files: /^scripts\//, may: [/^(scripts|src|emulator)\//] },
  { files: /^bench\//, may: [/^(bench|scripts|src|emulator)\//] },
  { files: /^chaos\//, may: [/^(chaos|src|emulator)\//] },
];

const FETCHES = /\bfrom 'undici'|\bfetch\(/;
const MAY_FETCH = [
  /^src\/http\/dispatcher\.ts$/, // connections only
  /^src\/providers\/[^/]+\/(api\/(client|emulator-probe|signed-urls)|intake\/part-store)\.ts$/,
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

/** Files that reach themselves through what they import at once, types included; none is said twice. */
function circles(all: SourceText[]): string[] {
  const imports = new Map<string, string[]>();
  for (const { file, imported, lazy } of all.flatMap(importsOf)) {
    if (lazy || !isFile(imported)) continue;
    const from = file.replace(/\.ts$/, '');
    imports.set(from, [...(imports.get(from) ?? []), imported]);
  }
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) return void found.push([...way.slice(at), file].join(' → '));
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) walk(file, []);
  return found;
}

test('no file imports itself by way of others, not even for a type', () => {
  expect(circles(sources)).toEqual([]);
  const round = [
    { file: 'src/client/a.ts', text: `import type { B } from './b';` },
    { file: 'src/client/b.ts', text: `import type { A } from './a';` },
  ];
  expect(circles(round)).toEqual(['src/client/a → src/client/b → src/client/a']);
});

test('HTTP is spoken in the provider’s client and nowhere else', () => {
  const product = sources.filter(({ file }) => /^(src|emulator)\//.test(file));
  const speaking = product.filter(({ text }) => FETCHES.test(text)).map(({ file }) => file);
  expect(speaking.filter((file) => !MAY_FETCH.some((pattern) => pattern.test(file)))).toEqual([]);
});

test('no file is longer than 400 lines, and no folder holds more than 12 files', () => {
  expect(sources.filter(({ text }) => text.split('\n').length > 400).map(({ file }) => file)).toEqual([]);
  const folders = new Map<string, number>();
  for (const { file } of [...sources, ...sourcesIn(['test'])]) {
    const folder = file.slice(0, file.lastIndexOf('/'));
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  expect([...folders].filter(([, files]) => files > 12)).toEqual([]);
});

test.each([
  ['a workflow that reads a file', 'src/workflows/a.ts', `import { readFile } from 'node:fs';`],
  ['a workflow that knows an activity', 'src/workflows/a.ts', `import { x } from '../activities/submit-source';`],
  ['an activity that knows an adapter', 'src/activities/a.ts', `import { x } from '../providers/twelvelabs/client';`],
  ['a provider that knows another', 'src/providers/datature-vi/a.ts', `import { x } from '../twelvelabs/watch';`],
  ['a client that knows the configuration', 'src/client/a.ts', `import { loadConfig } from '../config';`],
  ['an emulator that knows the product', 'emulator/rules/a.ts', `import type { X } from '../../src/contracts/ids';`],
  ['a command that loads the worker at once', 'src/cli/commands/a.ts', `import { startWorker } from '../../worker';`],
  ['a product that knows its tests', 'src/client/a.ts', `import { x } from '../../test/support/fake-provider';`],
])('the check can fail: %s', (_name, file, text) => {
  expect(problemsOf([{ file, text }])).toHaveLength(1);
});
