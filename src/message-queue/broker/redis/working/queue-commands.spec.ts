import { unheard } from '../../../../../test/support/unheard-connections.js';
import type { Redis } from 'ioredis';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { RedisConnections } from '../connections/redis-connections.js';
import { RedisScripts } from '../connections/redis-scripts.js';
import { takeJobsScript } from '../scripts/take-jobs.lua.js';
import { QueueCommands } from './queue-commands.js';

describe('QueueCommands', () => {
  const stage = redisStage();

  it('writes at once what waits to be written together, and what is written later by itself', async () => {
    const topology = { kind: 'single', host: '127.0.0.1', port: stage.redis.port } as const;
    const connections = new RedisConnections({ topology, db: 0, tls: false }, 5_000, unheard);
    const scripts = new RedisScripts(connections);
    const queue = stage.fixture.broker().createQueue(testQueue()) as RedisQueue;
    const ours = Object.create(queue, { client: { value: connections.client } }) as RedisQueue;
    const commands = new QueueCommands(ours, scripts, () => undefined);
    const take = (): Promise<unknown> => commands.run(takeJobsScript, [1, Date.now(), 'token', 1_000, '']);
    await take();
    const { stream } = connections.client as Redis;
    connections.writeTogether();
    connections.writeTogether();
    const first = take();
    expect(stream.writableLength).toBeGreaterThan(0);
    commands.writeNow();
    expect(stream.writableLength).toBe(0);
    connections.writeTogether();
    expect(await Promise.all([first, take()])).toEqual([
      [[], [], 0, '', [], null, null],
      [[], [], 0, '', [], null, null],
    ]);
    await connections.close();
  });
});
