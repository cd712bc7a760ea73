const base = require('./jest.config.js');

/** What needs the built app, npm's registry or a browser: `npm run test:demo`, `test:packaging`, `test:browser`. */
/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 300_000,
};
