const { projects } = require('./jest.config.js');

/** Tests on a Temporal server with PostgreSQL: a level of its own, since `npm test` needs no database. */
module.exports = {
  ...projects[0],
  displayName: 'cluster',
  testMatch: ['<rootDir>/test/cluster/**/*.test.ts'],
  testTimeout: 60_000,
};
