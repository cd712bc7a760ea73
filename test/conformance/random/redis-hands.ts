import type { Queue } from 'bull';
import type { Redis } from 'ioredis';
import { recoverStalledScript } from '../../../src/message-queue/broker/redis/scripts/keep-jobs.lua.js';
import { sweepGroupsScript } from '../../../src/message-queue/broker/redis/scripts/gates/groups.lua.js';
import type { ForeignHands } from './flow-run.js';

const KEPT_CRASHES = 20;
const SWEEP = sweepGroupsScript.lua;

/** Deletes jobs of a Redis, and makes workers look dead, as nobody should. @param client a connection that no broker knows */
export function redisHands(client: Redis): ForeignHands {
  const now = async (): Promise<number> => Number((await client.time())[0]) * 1_000;
  return {
    async crash(queue: Queue, id: string): Promise<void> {
      await client.del(queue.toKey(`${id}:lock`), queue.toKey('stalled-check'));
      await client.sadd(queue.toKey('stalled'), id);
      const [recovered] = (await client.eval(
        recoverStalledScript.lua,
        1,
        queue.toKey(''),
        await now(),
        1,
        KEPT_CRASHES,
      )) as [string[]];
      expect(recovered).toContain(id);
    },
    async remove(queue: Queue, id: string): Promise<void> {
      await client
        .multi()
        .del(queue.toKey(id), queue.toKey(`${id}:lock`))
        .lrem(queue.toKey('active'), 0, id)
        .zrem(queue.toKey('delayed'), id)
        .zrem(queue.toKey('failed'), id)
        .exec();
    },
    async sweep(queue: Queue): Promise<void> {
      await client.del(queue.toKey('mq:groups:swept'));
      await client.eval(SWEEP, 1, queue.toKey(''), await now(), 1);
    },
    async leftovers(queue: Queue): Promise<string[]> {
      const found = (await client.keys(queue.toKey('mq:*'))).map((key) => key.slice(queue.toKey('').length));
      const held = await client.get(queue.toKey('mq:held'));
      return [
        ...found.filter((key) => /^mq:(g:|groups$|set|parked|wake)/.test(key)),
        ...(Number(held ?? 0) === 0 ? [] : [`${held} held`]),
      ].sort();
    },
  };
}

/** Lets no worker look for slots whose owners are gone: it would hide that somebody was not admitted. @returns lets them look again */
export function withoutSweep(): () => void {
  const script = sweepGroupsScript as { lua: string };
  script.lua = 'return 0';
  return () => (script.lua = SWEEP);
}
