import type { Redis } from 'ioredis';
import { createRedisClient, retryDelay } from '../../../kernel/redis/redis-client.js';
import type { RedisClient } from '../../../kernel/redis/redis-client.js';
import type { RedisSettings } from '../../../kernel/redis/redis-settings.js';
import type { SocketIoRedis } from './socket-io.options.js';

/** What is published while Redis is away waits for it. */
const PATIENT = { maxRetriesPerRequest: null, enableReadyCheck: false, autoResubscribe: false };

function settingsOf(redis: SocketIoRedis): RedisSettings {
  return { ...redis, tls: redis.tls === true ? {} : redis.tls };
}

/** A connection to publish with. It connects again by itself. */
export function createPublisher(redis: SocketIoRedis): RedisClient {
  return createRedisClient(settingsOf(redis), PATIENT);
}

/**
 * All nodes of a Cluster hand on what is published, so one connection to any of them is enough. It is not a Cluster's own subscription:
 * that one moves to another node without a word, and what was published meanwhile would be missed.
 */
export function createSubscriber(redis: SocketIoRedis): Redis {
  const settings = settingsOf(redis);
  const { topology } = settings;
  if (topology.kind !== 'cluster') return createRedisClient(settings, PATIENT) as Redis;
  const [first, ...others] = topology.nodes;
  if (first === undefined) throw new Error('A Cluster has at least one node.');
  const nodes = [first, ...others];
  const client: Redis = createRedisClient(
    { ...settings, topology: { kind: 'single', ...first }, db: 0 },
    {
      ...PATIENT,
      retryStrategy: (attempt) => {
        Object.assign(client.options, nodes[attempt % nodes.length]);
        return retryDelay(attempt);
      },
    },
  ) as Redis;
  return client;
}
