const { availableParallelism } = require('node:os');

/** Unit, integration, conformance, fault and end-to-end tests: `npm test`. What is too slow for it: jest.slow.config.js. */
/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // More than there are cores: most tests wait for servers, locks and processes.
  maxWorkers: availableParallelism() + 1,
  // A process keeps what each file loaded: after dozens of them it collects garbage more than it tests.
  workerIdleMemoryLimit: '600MB',
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/examples'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/(packaging|browser|demo|civil-time|rates|events/slow)/',
  ],
  modulePathIgnorePatterns: ['<rootDir>/(dist|dist-tools|coverage|reports)/'],
  transform: {
    '^.+\\.[tj]sx?$': [
      '@swc/jest',
      {
        module: { type: 'commonjs' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1'],
    // The examples import the package by its name, as a host does.
    '^nestjs-message-queue$': '<rootDir>/src/message-queue/index.ts',
    '^nestjs-message-queue/(queues|ports|operations|testing)$': '<rootDir>/src/message-queue/$1/index.ts',
    '^nestjs-message-queue/buffered-events(/testing|/bridge)?$': '<rootDir>/src/buffered-events$1/index.ts',
  },
  // Nest 12 and some of its dependencies publish ES modules; Jest runs CommonJS here.
  transformIgnorePatterns: [
    '/node_modules/(?!(@nestjs|file-type|strtok3|token-types|uint8array-extras|@tokenizer|@borewit|load-esm|google-auth-library|gaxios|node-fetch|fetch-blob|data-uri-to-buffer|formdata-polyfill|jose)/)',
  ],
  setupFilesAfterEnv: ['<rootDir>/test/support/retries.ts'],
  // Ends a hang; nothing is measured by it.
  testTimeout: 120_000,
};
