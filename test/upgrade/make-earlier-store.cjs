// Wrote earlier-store.json, the store of the version before lanes, commit 309dcb5. It runs in a tree of that commit:
//   git archive 309dcb5 | tar -x -C <tree>; ln -s $PWD/node_modules <tree>; cp -r test/upgrade <tree>/test
//   cd <tree> && node -r ./test/support/typescript-hook.cjs test/upgrade/make-earlier-store.cjs
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { IsString } = require('class-validator');
const library = require('../../src/message-queue/index.ts');
const { hostModule } = require('../support/host-app.ts');
const { TestRedis } = require('../support/redis-server.ts');
const { waitUntil } = require('../support/wait-until.ts');

// Stack traces are not what this is about.
Error.stackTraceLimit = 0;

const PREFIX = 'earlier';
const HOUR_MS = 3_600_000;

class OrderDto {
  fate;
}
IsString()(OrderDto.prototype, 'fate');

const queue = (name) =>
  library.defineQueue({
    ...{ name, description: 'Orders.', jobs: { order: OrderDto }, concurrency: 10, attempts: 3 },
    ...{ backoff: { type: 'fixed', delayMs: HOUR_MS }, timeoutMs: 60_000 },
  });
const [ORDERS, PAUSED] = [queue('orders'), queue('paused-orders')];

class OrderProcessor {
  async order({ fate }) {
    if (fate === 'dead')
      throw new library.UnrecoverableJobError('no such article', { queue: 'orders', job: 'order' });
    if (fate === 'retry') throw new Error('not now');
    if (fate === 'active') await new Promise(() => undefined);
  }
}
library.JobHandler('order')(
  OrderProcessor.prototype,
  'order',
  Object.getOwnPropertyDescriptor(OrderProcessor.prototype, 'order'),
);
library.Processor(ORDERS.name)(OrderProcessor);

async function start(url, role) {
  const App = hostModule('App', {
    imports: [
      library.MessageQueueModule.forRoot({ provider: 'redis', prefix: PREFIX, redis: { url }, role }),
      library.MessageQueueModule.registerQueue(ORDERS),
      ...(role === 'producer' ? [library.MessageQueueModule.registerQueue(PAUSED)] : []),
    ],
    providers: role === 'producer' ? [] : [OrderProcessor],
  });
  const app = await NestFactory.createApplicationContext(App, { logger: ['error', 'warn'] });
  return { app, service: app.get(library.MessageQueueService) };
}

/** Every key: its type and what is in it. */
async function contentOf(client) {
  const read = {
    string: (key) => client.get(key),
    list: (key) => client.lrange(key, 0, -1),
    set: async (key) => (await client.smembers(key)).sort(),
    zset: (key) => client.zrange(key, 0, -1, 'WITHSCORES'),
    hash: (key) => client.hgetall(key),
  };
  const keys = {};
  for (const key of (await client.keys(`${PREFIX}:*orders:*`)).sort()) {
    if (key.endsWith(':stalled-check')) continue;
    const type = await client.type(key);
    keys[key] = { type, ttlMs: await client.pttl(key), content: await read[type](key) };
  }
  return keys;
}

async function main() {
  const redis = await TestRedis.start();
  const client = redis.client();
  const { app, service } = await start(redis.url, 'producer');
  const add = (fate, options, to = ORDERS) => service.enqueue(to, 'order', { fate }, options);
  for (const fate of ['completed', 'dead', 'retry', 'active']) {
    for (const n of [1, 2, 3]) await add(fate, { jobId: `${fate}-${n}`, priority: 2 + n });
  }
  await add('completed', { idempotencyKey: 'completed-key' });
  await add('dead', { idempotencyKey: 'dead-key' });
  const worker = fork(__filename, [redis.url], { execArgv: process.execArgv });
  await waitUntil(async () => {
    const stats = await service.getQueueStats('orders');
    return stats.completedMessages === 4 && stats.failedMessages === 4 && stats.processingMessages === 3;
  }, 'the runs');
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  for (let n = 0; n < 20; n++) await add('waiting', { jobId: `waiting-${n}`, priority: 1 + ((n * 7) % 10) });
  await add('waiting', { idempotencyKey: 'waiting-key' });
  await add('delayed', { jobId: 'delayed-soon', delay: 2_000, priority: 8 });
  await add('delayed', { jobId: 'delayed-later', delay: 12 * HOUR_MS });
  await add('delayed', { idempotencyKey: 'delayed-key', delay: 2_000 });
  await add('schedule', { repeat: { cron: '0 3 1 1 *', tz: 'UTC' } });
  await add('schedule', { repeat: { every: 12 * HOUR_MS } });
  for (let n = 0; n < 5; n++) await add('paused', { jobId: `paused-${n}`, priority: 4 + n }, PAUSED);
  await service.pauseQueue('paused-orders');
  const madeAt = Date.now();
  const keys = await contentOf(client);
  writeFileSync(
    join(__dirname, 'earlier-store.json'),
    `${JSON.stringify({ madeAt, prefix: PREFIX, keys }, null, 1)}\n`,
  );
  await app.close();
  client.disconnect();
  await redis.stop();
}

const [url] = process.argv.slice(2);
(url === undefined ? main() : start(url, 'worker')).catch((error) => {
  console.error(error);
  process.exit(1);
});
