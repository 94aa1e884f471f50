module.exports = {
  '*.{ts,mts}': ['prettier --check', 'oxlint --type-aware --deny-warnings'],
  '*.{js,mjs,json,md,yml}': 'prettier --check',
};
