// Lets a worker thread run the sources as they are: in a build, cipher.worker.js stands beside its pool.
require('./typescript-hook.cjs');

module.exports = require('../../src/message-queue/adapters/piscina/cipher.worker.ts');
