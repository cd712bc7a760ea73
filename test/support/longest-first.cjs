const { existsSync } = require('node:fs');
const { join, relative } = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

/** They take longest; begun last they would run alone, beside idle processors. Jest knows that by itself from a second run on. */
const LONGEST = [
  'test/faults/faults.spec.ts',
  'test/conformance/broker/broker-seam.conformance.spec.ts',
  'test/faults/random/random-faults.spec.ts',
  'test/e2e/stopping.spec.ts',
  'test/replies/replies.spec.ts',
  'test/replies/real-replies.spec.ts',
  'test/e2e/wrong-clock.spec.ts',
  'test/privacy/interrupted-erasures.spec.ts',
  'test/adapters/sql-stores.spec.ts',
  'test/events/nemesis/nemesis-mistakes.spec.ts',
  'src/message-queue/broker/redis/redis-tls.spec.ts',
];

const ROOT = join(__dirname, '../..');
for (const path of LONGEST)
  if (!existsSync(join(ROOT, path))) throw new Error(`There is no ${path} any more.`);

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const placeOf = ({ path }) => {
      const place = LONGEST.indexOf(relative(ROOT, path));
      return place === -1 ? LONGEST.length : place;
    };
    return [...super.sort(tests)].sort((a, b) => placeOf(a) - placeOf(b));
  }
};
