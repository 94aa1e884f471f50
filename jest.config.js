const swc = [
  '@swc/jest',
  { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
];

/** One project a level, so that `npm run test:<level>` runs that level alone. */
const level = (name) => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testEnvironment: 'node',
  transform: { '\\.[jt]s$': swc },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFilesAfterEnv: ['<rootDir>/test/support/record-violations.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
});

module.exports = {
  maxWorkers: 4, // of two cores: most of the longer ones wait
  workerIdleMemoryLimit: 0, // each file has a process of its own: what files before it leave slows every promise of it
  testSequencer: '<rootDir>/test/support/level-order.cjs',
  testTimeout: 20_000, // dev servers start and stop while four files run side by side
  projects: [
    level('unit'),
    level('workflows'),
    level('replay'),
    level('contract'),
    level('integration'),
    level('crash'),
    level('chaos'),
    level('e2e'),
    level('browser'),
  ],
};
