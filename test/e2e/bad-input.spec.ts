import 'reflect-metadata';
import { getQueueToken } from '@nestjs/bull-shared';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bull';
import { Redis } from 'ioredis';
import { MessageQueueError } from '../../src/kernel/errors.js';
import type { Issue } from '../../src/kernel/errors.js';
import { MessageQueueModule } from '../../src/message-queue/message-queue.module.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/message-queue.options.js';
import { MessageQueueService } from '../../src/message-queue/message-queue.service.js';
import { BUILT_IN_QUEUES } from '../../src/message-queue/queues/queue-definitions.js';
import { TestRedis } from '../support/redis-server.js';
import { BAD_INPUTS, SECRET } from './bad-input.table.js';
import type { BadInputBench, UntypedFacade } from './bad-input.table.js';

async function startApp(options: MessageQueueModuleOptions): Promise<INestApplicationContext> {
  const module = await Test.createTestingModule({
    imports: [MessageQueueModule.forRoot(options)],
  }).compile();
  return module.init();
}

/** Starts with variables of the environment that are gone afterwards. */
async function startWith(
  options: MessageQueueModuleOptions,
  variables: Record<string, string>,
): Promise<void> {
  Object.assign(process.env, variables);
  try {
    const app = await startApp(options);
    await app.close();
  } finally {
    for (const variable of Object.keys(variables)) Reflect.deleteProperty(process.env, variable);
  }
}

function benchOf(app: INestApplicationContext, base: MessageQueueModuleOptions): BadInputBench {
  return {
    facade: app.get<MessageQueueService, UntypedFacade>(MessageQueueService),
    injected: app.get(getQueueToken('message-delivery')),
    start: (options, variables = {}) => startWith({ ...base, ...options }, variables),
  };
}

/** Jobs of all six queues in every state. */
async function jobsOf(app: INestApplicationContext): Promise<number> {
  const counts = await Promise.all(
    BUILT_IN_QUEUES.map(({ name }) => app.get<Queue>(getQueueToken(name)).getJobCounts()),
  );
  return counts
    .flatMap((count): number[] => Object.values({ ...count }))
    .reduce((sum, count) => sum + count, 0);
}

async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return null;
  } catch (error) {
    return error;
  }
}

describe('the table of bad inputs', () => {
  it('has at least 140 rows, each with a name of its own', () => {
    expect(BAD_INPUTS.length).toBeGreaterThanOrEqual(140);
    expect(new Set(BAD_INPUTS.map(({ name }) => name)).size).toBe(BAD_INPUTS.length);
  });
});

describe.each(['memory', 'redis'] as const)('bad input on the %s provider', (provider) => {
  let redis: TestRedis;
  let client: Redis;
  let app: INestApplicationContext;
  let bench: BadInputBench;

  beforeAll(async () => {
    const base: MessageQueueModuleOptions = { provider: 'memory' };
    if (provider === 'redis') {
      redis = await TestRedis.start();
      client = new Redis(redis.url);
      Object.assign(base, { provider, redis: { url: redis.url } });
    }
    // No worker: whatever appears in Redis came from an add.
    app = await startApp({ ...base, autoStart: false });
    bench = benchOf(app, base);
  });

  afterAll(async () => {
    await app.close();
    if (provider !== 'redis') return;
    client.disconnect();
    await redis.stop();
  });

  /** Beside them a broker notes the state of its Redis, when it likes. */
  async function keysOfQueues(): Promise<string[]> {
    if (provider === 'memory') return [];
    const keys = await client.keys('*');
    return keys.filter((key) => !/:mq-[a-z]+$/.test(key)).toSorted();
  }

  it.each(BAD_INPUTS.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    const keysBefore = await keysOfQueues();
    const error = await failureOf(() => row.call(bench));
    expect(error).toBeInstanceOf(MessageQueueError);
    const { code, message, stack } = error as MessageQueueError;
    const issues = 'issues' in (error as object) ? (error as { issues: readonly Issue[] }).issues : [];
    expect({ code, paths: issues.map(({ path }) => path).sort() }).toEqual({
      code: row.code,
      paths: [...row.paths].sort(),
    });
    for (const path of row.paths) expect(message).toContain(path);
    expect(`${message}${stack ?? ''}`).not.toContain(SECRET);
    expect(await keysOfQueues()).toEqual(keysBefore);
    expect(await jobsOf(app)).toBe(0);
  });

  it('takes good input afterwards: no queue is wedged', async () => {
    const createdAt = new Date();
    const receipt = await bench.facade.addMessageDeliveryJob({
      ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'ben', conversationId: 'c-1' },
      ...{ content: 'Hello!', createdAt },
    });
    expect(receipt).toMatchObject({ queue: 'message-delivery', name: 'send-message', deduplicated: false });
    expect(await jobsOf(app)).toBe(1);
    if (provider === 'redis') expect(await client.dbsize()).toBeGreaterThan(0);
  });
});
