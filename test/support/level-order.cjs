const Sequencer = require('@jest/test-sequencer').default;

/** Levels whose files take long and mostly wait come first. The short files at the end keep every worker busy. */
const LEVELS = ['chaos', 'integration', 'crash', 'e2e', 'browser', 'contract', 'workflows', 'replay', 'unit'];

/** Runs one level after the other, and within a level files as Jest would. */
module.exports = class LevelOrder extends Sequencer {
  sort(tests) {
    const placeOf = (test) => LEVELS.indexOf(test.context.config.displayName.name);
    return super.sort(tests).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
};
