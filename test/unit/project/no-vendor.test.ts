import { importsOf, sourcesIn, type SourceText } from '../../support/imports';

/** Words that only one vendor uses, or things that only it has. */
const VENDOR =
  /twelve ?labs|twelve_labs|marengo|pegasus|embed-v2|embed task|entity.collection|\bentit(y|ies)\b|indexed.?asset|index entr(y|ies)|\bhls\b|\b(collection|entity|index|task|dataset)Id\b|datature|dtvi_|\bdatasets?\b|LinkedResource/i;

/** Where a vendor may be named: its own folders, the lists of what there is, and the demo, which shows one. */
const MAY_NAME = [
  /^src\/providers\/(twelvelabs|datature-vi)\//,
  /^src\/providers\/registry\.ts$/,
  /^emulator\/(twelvelabs\/|datature-vi\/|registry\.ts$)/,
  /^src\/cli\/(demo\/|commands\/demo\.ts$)/,
];

const linesOf = ({ file, text }: SourceText): string[] =>
  text.split('\n').flatMap((line, at) => {
    const words = line.replaceAll(/from '[^']*'|import\('[^']*'\)/g, ''); // a path names folders, which the layers hold
    return VENDOR.test(words) ? [`${file}:${at + 1}: ${line.trim()}`] : [];
  });

const vendorsIn = (sources: readonly SourceText[]): string[] =>
  sources.filter(({ file }) => !MAY_NAME.some((place) => place.test(file))).flatMap(linesOf);

test('no vendor is named outside its folders, the registries and the demo', () => {
  const sources = sourcesIn(['src', 'emulator']);
  expect(sources.length).toBeGreaterThan(150);
  expect(vendorsIn(sources)).toEqual([]);
});

test.each([
  ['by name', 'src/activities/a.ts', `if (name === 'twelvelabs') return;`],
  ['in a variable of the environment', 'src/config.ts', `TWELVELABS_BASE_URL: z.url(),`],
  ['by its models', 'src/contracts/a.ts', `model: 'marengo3.0'`],
  ['by what it makes', 'src/workflows/a.ts', `/** Makes an entity of the asset. */`],
  ['by its ids', 'src/activities/a.ts', `const { collectionId } = branch;`],
  ['by its places', 'src/activities/a.ts', `if (fields.datasetId) return;`],
  ['in the shared emulator', 'emulator/shared/a.ts', `route: '/embed-v2/tasks'`],
])('the check can fail: a vendor %s', (_name, file, text) => {
  expect(vendorsIn([{ file, text }])).toHaveLength(1);
});

describe('what a backend loads to start lifecycles', () => {
  const sources = new Map(sourcesIn(['src']).map((source) => [source.file.replace(/\.ts$/, ''), source]));
  const HEAVY = /^(undici|hpagent|@aws-sdk\/|@temporalio\/(worker|activity|testing)|mediainfo\.js)/;

  /** Packages that are loaded at once with the file: types and lazy imports cost nothing. */
  function packagesOf(entry: string): Map<string, string> {
    const packages = new Map<string, string>();
    const seen = new Set<string>();
    const walk = (file: string): void => {
      const source = sources.get(file);
      if (!source || seen.has(file)) return;
      seen.add(file);
      for (const { imported, lazy, typeOnly } of importsOf(source)) {
        if (lazy || typeOnly) continue;
        if (imported.startsWith('src/')) walk(imported);
        else packages.set(imported, file);
      }
    };
    walk(entry);
    return packages;
  }

  test.each(['src/index', 'src/cli/program'])('%s loads no HTTP client, no S3 and no worker', (entry) => {
    const packages = packagesOf(entry);
    expect(packages.size).toBeGreaterThan(3);
    expect([...packages].filter(([name]) => HEAVY.test(name))).toEqual([]);
  });

  test('the check can fail: the worker loads them', () => {
    expect([...packagesOf('src/worker').keys()].some((name) => HEAVY.test(name))).toBe(true);
  });
});
