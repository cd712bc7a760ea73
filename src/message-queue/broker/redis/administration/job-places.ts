import type { RedisQueue } from '../bull/redis-queue.js';
import { patiently } from '../connections/patiently.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import { unlessAway } from '../connections/unless-away.js';

/** Where jobs of a queue stand: the command that reads it from where the newest arrive, and its key behind the base key. */
export type JobPlace = readonly [command: 'LRANGE' | 'ZREVRANGE', key: string];

/** Lists of waiting jobs, with their level; the default ones have none here. @throws BrokerUnavailableError */
export async function waitingLanes(
  { base, name }: RedisQueue,
  connections: RedisConnections,
): Promise<(readonly [key: string, level: string])[]> {
  const levels = patiently(() => connections.client.zrange(`${base}mq:lanes`, 0, -1));
  const lanes = await unlessAway(name, 'reading jobs', connections, levels);
  return [...lanes.map((level) => [`mq:lane:${level}`, level] as const), ['wait', ''], ['paused', '']];
}

/** All of them, in the direction in which jobs move. @throws BrokerUnavailableError */
export async function jobPlaces(queue: RedisQueue, connections: RedisConnections): Promise<JobPlace[]> {
  const { base, name } = queue;
  const lanes = (await waitingLanes(queue, connections)).map(([key]) => key);
  const holding = patiently(() => connections.client.zrange(`${base}mq:groups`, 0, -1));
  const groups = await unlessAway(name, 'reading jobs', connections, holding);
  return [
    ['ZREVRANGE', 'delayed'],
    ...groups.map((group) => ['ZREVRANGE', `mq:g:${group}`] as const),
    ...[...lanes, 'active'].map((key) => ['LRANGE', key] as const),
    ['ZREVRANGE', 'failed'],
    ['ZREVRANGE', 'completed'],
    ['ZREVRANGE', 'mq:expired'],
  ];
}
