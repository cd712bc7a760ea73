import type { Redis } from 'ioredis';
import { messageQueueBackoffStrategies } from '../../jobs/retry-policy.js';
import type { RedisConnections } from './connections/redis-connections.js';
import type { ResolvedRedisBrokerOptions } from './redis-broker.options.js';
import { defineLaneCommands } from './bull/lanes/lane-commands.js';
import type { RedisQueue } from './bull/redis-queue.js';

/** Bull would fail jobs of killed workers after this many crashes; here the executor decides. */
const NEVER = Number.MAX_SAFE_INTEGER;
/** Bull's `drainDelay`. */
const BULL_BLOCK_MS = 5_000;

type BullOptions = ConstructorParameters<typeof RedisQueue>[1];
type BrokerSettings = Pick<ResolvedRedisBrokerOptions, 'redis' | 'prefix'>;

/** The first part of a queue's keys. On a Cluster each queue has a hash tag, unless the prefix has one for all. */
export function keyPrefix({ redis, prefix }: BrokerSettings, queue: string): string {
  const isTagged = redis.topology.kind === 'cluster' && !prefix.includes('{');
  return isTagged ? `{${prefix}:${queue}}` : prefix;
}

/** What Bull is told of a queue. */
export function bullOptions(
  settings: BrokerSettings,
  queue: string,
  connections: RedisConnections,
): BullOptions {
  return {
    prefix: keyPrefix(settings, queue),
    createClient: (type) => clientFor(type, connections) as Redis,
    settings: { maxStalledCount: NEVER, backoffStrategies: { ...messageQueueBackoffStrategies } },
    skipVersionCheck: true,
  } as BullOptions;
}

function clientFor(type: 'client' | 'subscriber' | 'bclient', connections: RedisConnections): unknown {
  if (type === 'client') return defineLaneCommands(connections.client);
  if (type === 'subscriber') return connections.subscriber;
  // Only for hosts that call getNextJob() themselves.
  return connections.openBlocking(BULL_BLOCK_MS);
}
