import type { Redis } from 'ioredis';
import { testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import type { RedisConnections } from '../../connections/redis-connections.js';

/** Sweeps come fast here. */
const lock = { durationMs: 6_000, renewMs: 1_500, stalledCheckMs: 100 };
const HOUR_MS = 3_600_000;
const NAMES = Array.from({ length: 6 }, (_, i) => `queue-${i}`);

/** How often Redis has executed each command, those inside scripts too, but for the INFO that tells. */
async function commandCounts(client: Redis): Promise<Map<string, number>> {
  const stats = await client.info('commandstats');
  const counts = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(
    ([, name, calls]) => [String(name), Number(calls)] as const,
  );
  return new Map(counts.filter(([name]) => name !== 'info' && name !== 'ping'));
}

describe('the sweep over the queues of a process', () => {
  const stage = redisStage({ withProblems: true });

  /** Puts a delayed job at another time, as if the announcement of that time had been lost. */
  async function dueAt(queue: string, id: string, at: number): Promise<void> {
    await stage.client.zadd(`${stage.fixture.prefix}:${queue}:delayed`, at * 0x1000, id);
  }

  it('costs one call a sweep and one command an idle queue, and a wait that ends costs nothing more', async () => {
    const broker = stage.fixture.broker({ lock });
    for (const name of NAMES) await workOn(broker, broker.createQueue(testQueue(name)));
    const waits = async (): Promise<number> => (await commandCounts(stage.client)).get('blmove') ?? 0;
    await waitUntil(async () => (await waits()) >= NAMES.length, 'every worker to wait');
    const before = await commandCounts(stage.client);
    // A wait is counted when it begins; without jobs it lasts some seconds.
    await waitUntil(async () => (await waits()) >= 2 * NAMES.length, 'every worker to wait again');
    const after = await commandCounts(stage.client);
    const spent = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const used = [...after.keys()].filter((name) => spent(name) > 0).sort();
    // The record that tells of a loss is read every two seconds, and grows every ten.
    const ofRecord = ['hincrby', 'hmget', 'hset', 'time'];
    // Once in a while a process says which queues it has.
    const others = [...ofRecord, 'zadd', 'zrangebyscore'];
    expect(used.filter((name) => !others.includes(name))).toEqual(['blmove', 'evalsha', 'exists']);
    for (const name of ['zadd', 'zrangebyscore']) expect(spent(name)).toBeLessThanOrEqual(NAMES.length);
    for (const name of ofRecord) expect(spent(name)).toBeLessThanOrEqual(spent('hmget'));
    expect(spent('exists')).toBe(NAMES.length * (spent('evalsha') - spent('hmget')));
    expect(spent('hmget')).toBeLessThan(spent('evalsha') / 5);
    expect(spent('evalsha')).toBeGreaterThan(10);
  });

  it('runs a due job that nobody announced', async () => {
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: { delay: HOUR_MS } });
    const at = Date.now() + 500;
    await dueAt('work', id, at);
    await waitUntil(() => seen.length === 1, 'the job');
    expect(Date.now()).toBeGreaterThanOrEqual(at);
    expect(stage.fixture.problems).toEqual([]);
  });

  it('wakes the worker for a job of any lane when the message that told of it was lost', async () => {
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    const { connections } = broker as unknown as { readonly connections: RedisConnections };
    connections.subscriber.removeAllListeners('message');
    for (const priority of [1, 6, 9]) {
      await broker.addOnce(queue, { name: 'job', data: {}, options: { priority } });
      await waitUntil(() => seen.length === 1, `the job of level ${priority}`);
      seen.length = 0;
    }
  });

  it('goes on with the other queues when one cannot be looked at, and says which', async () => {
    const broker = stage.fixture.broker({ lock });
    const [broken, queue] = [broker.createQueue(testQueue('broken')), broker.createQueue(testQueue())];
    await stage.client.set(`${stage.fixture.prefix}:broken:delayed`, 'no set');
    await workOn(broker, broken);
    const { seen } = await workOn(broker, queue);
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: { delay: HOUR_MS } });
    await dueAt('work', id, Date.now());
    await waitUntil(() => seen.length === 1, 'the job of the other queue');
    await waitUntil(() => stage.fixture.problems.length > 0, 'the report');
    expect(new Set(stage.fixture.problems.map(({ queue: name }) => name))).toEqual(new Set(['broken']));
    expect(stage.fixture.problems[0]?.message).toContain('WRONGTYPE');
  });

  it('looks no more at a queue whose worker is gone', async () => {
    const [ended, living] = [stage.fixture.broker({ lock }), stage.fixture.broker({ lock })];
    const { worker } = await workOn(ended, ended.createQueue(testQueue('ended')));
    await workOn(living, living.createQueue(testQueue('living')));
    await worker.stopFetching();
    await ended.close();
    const calls = (counts: ReadonlyMap<string, number>): number => counts.get('evalsha') ?? 0;
    const sweeps = async (since: ReadonlyMap<string, number>, count: number): Promise<void> => {
      await waitUntil(
        async () => calls(await commandCounts(stage.client)) >= calls(since) + count,
        `${count} sweeps of the other process`,
      );
    };
    // The first ones of a process may send the script itself, and stand beside the first take.
    await sweeps(await commandCounts(stage.client), 3);
    const before = await commandCounts(stage.client);
    await sweeps(before, 5);
    const after = await commandCounts(stage.client);
    const looks = (after.get('exists') ?? 0) - (before.get('exists') ?? 0);
    expect(looks).toBe(calls(after) - calls(before));
  });
});
