import type { RedisQueue } from '../bull/redis-queue.js';
import { patiently } from '../connections/patiently.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import { unlessAway } from '../connections/unless-away.js';

/**
 * Where jobs of a queue stand: the command that reads it from where the newest arrive, and its key behind the base key. `wait` is `paused`
 * too, see `placeFunctions`.
 */
export type JobPlace = readonly [command: 'LRANGE' | 'ZREVRANGE', key: string];

/** Lists of waiting jobs, with their level; the default ones have none here. @throws BrokerUnavailableError */
export async function waitingLanes(
  queue: RedisQueue,
  connections: RedisConnections,
): Promise<(readonly [key: string, level: string])[]> {
  const levels = await membersOf('mq:lanes', queue, connections);
  return [...levels.map((level) => [`mq:lane:${level}`, level] as const), ['wait', ''], ['paused', '']];
}

/**
 * All of them, in the direction in which jobs move, or in the opposite one. Which groups and lanes there are is asked when it is their turn: a
 * job that moved may be the only one of another.
 * @throws BrokerUnavailableError
 */
export async function* jobPlaces(
  queue: RedisQueue,
  connections: RedisConnections,
  isBackward = false,
): AsyncGenerator<JobPlace> {
  const inTurn = <Item>(items: readonly Item[]): readonly Item[] => (isBackward ? items.toReversed() : items);
  const namedIn = async (key: string, placeOf: (name: string) => JobPlace): Promise<JobPlace[]> =>
    (await membersOf(key, queue, connections)).map(placeOf);
  const stages: (JobPlace | (() => Promise<JobPlace[]>))[] = [
    ['ZREVRANGE', 'delayed'],
    () => namedIn('mq:groups', (group) => ['ZREVRANGE', `mq:g:${group}`]),
    () => namedIn('mq:lanes', (level) => ['LRANGE', `mq:lane:${level}`]),
    ['LRANGE', 'wait'],
    ['LRANGE', 'active'],
    ['ZREVRANGE', 'failed'],
    ['ZREVRANGE', 'completed'],
    ['ZREVRANGE', 'mq:expired'],
  ];
  for (const stage of inTurn(stages)) {
    if (typeof stage === 'function') yield* inTurn(await stage());
    else yield stage;
  }
}

async function membersOf(
  key: string,
  { base, name }: RedisQueue,
  connections: RedisConnections,
): Promise<string[]> {
  const members = patiently(() => connections.client.zrange(base + key, 0, -1));
  return unlessAway(name, 'reading jobs', connections, members);
}
