import { request } from './add-requests.js';
import { BrokerFixture, testQueue } from './redis-broker-fixture.js';

/** Adds jobs while Redis is away, says the id of each that was taken, and goes on until it is killed. */
async function main(): Promise<void> {
  const [directory = '', prefix = ''] = process.argv.slice(2);
  const spool = { directory, maxJobs: 100_000, maxBytes: 100_000_000, fsync: true };
  // Nobody listens on this port.
  const broker = new BrokerFixture({ port: 1 }).broker({ prefix, whenUnavailable: 'spool', spool });
  const queue = broker.createQueue(testQueue());
  for (let n = 0; ; n += 1) {
    const { id } = await broker.addOnce(queue, request({ data: { n } }));
    process.stdout.write(`${id}\n`);
  }
}

void main();
