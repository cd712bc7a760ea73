const base = require('./jest.config.js');

/** What needs the built app, npm's registry or a browser, or much time: `npm run test:demo`, `test:packaging`, `test:browser`, `test:civil-time`, `test:rates`, `test:events`. */
/** @type {import('jest').Config} */
module.exports = {
  ...base,
  // The snippets are files of other apps, which test them.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/packaging/snippets/'],
  modulePathIgnorePatterns: [...base.modulePathIgnorePatterns, '<rootDir>/test/packaging/snippets/'],
  testTimeout: 300_000,
};
