const SCOPES = [
  'contracts',
  'workflows',
  'activities',
  'providers',
  'client',
  'cli',
  'worker',
  'emulator',
  'stack',
  'bench',
  'chaos',
  'crash',
  'docs',
  'ci',
  'unit',
  'e2e',
  'browser',
  'replay',
  'integration',
  'cluster',
];

module.exports = {
  extends: ['@commitlint/config-conventional'],
  rules: { 'scope-enum': [2, 'always', SCOPES], 'body-max-line-length': [0], 'header-max-length': [2, 'always', 120] },
};
