import Libsql from 'libsql';
import { once as keyed, request } from '../../../../../test/support/add-requests.js';
import { workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { numbersOf, ordinary, spoolStage } from '../../../../../test/support/spool-stage.js';
import type { Spooling } from '../../../../../test/support/spool-stage.js';
import type { JobEnd } from '../../../jobs/events/job-end.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';

describe('a spool that is drained', () => {
  const stage = spoolStage();
  const upTo = (last: number): number[] => Array.from({ length: last + 1 }, (_, n) => n);
  const drained = ({ broker }: Spooling): Promise<unknown> =>
    waitUntil(() => broker.spooled?.jobs === 0, 'the spool to be empty');
  const server = (...command: [string, ...string[]]): Promise<unknown> =>
    stage.server.client.call(...command);
  const told = (): string[] =>
    stage.behind.problems.filter(({ kind }) => kind === 'spool').map(({ message }) => message);

  afterEach(async () => {
    await server('config', 'set', 'min-replicas-to-write', '0');
    await server('config', 'set', 'maxmemory', '0');
    await server('acl', 'setuser', 'default', '+@all');
  });

  it('keeps the order while Redis refuses for a moment and connections are cut, and nothing that is added meanwhile overtakes', async () => {
    const spooling = await stage.spooling({ fsync: false });
    const { broker, queue } = spooling;
    let last = 0;
    const add = (): Promise<unknown> => broker.addOnce(queue, ordinary((last += 1)));
    await Promise.all(Array.from({ length: 1_000 }, add));
    stage.proxy.heal();
    let isOver = false;
    const trouble = async (): Promise<void> => {
      for (let turn = 0; turn < 40 && (!isOver || turn % 2 === 1); turn += 1) {
        await server('config', 'set', 'min-replicas-to-write', turn % 2 === 0 ? '1' : '0');
        if (turn % 10 === 5) stage.proxy.cut();
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    };
    const troubled = trouble();
    while (broker.spooled?.jobs !== 0) {
      await add();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    isOver = true;
    await troubled;
    await add();
    const { seen } = await workOn(broker, queue, undefined, 1);
    await waitUntil(() => numbersOf(seen).length > last, 'all to run');
    expect(numbersOf(seen)).toEqual(upTo(last));
    expect(told()).toEqual([]);
  });

  it('brings a job too late that had to start by then, and it ends so', async () => {
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const { id } = await broker.addOnce(queue, request({ options: { mq: { expiresInMs: 5 } } }));
    const { id: inTime } = await broker.addOnce(
      queue,
      request({ options: { mq: { expiresInMs: 600_000 } } }),
    );
    const addedAt = broker.now();
    await waitUntil(() => broker.now() > addedAt + 5, 'its time to pass');
    const ends: JobEnd[] = [];
    queue.on(JOB_ENDED, (end: JobEnd) => ends.push(end));
    const { seen } = await workOn(broker, queue);
    stage.proxy.heal();
    await drained(spooling);
    await waitUntil(() => ends.length > 0 && seen.some((run) => run.id === inTime), 'both');
    expect(ends).toMatchObject([{ jobId: id, outcome: 'expired' }]);
    expect(seen.map((run) => run.id)).not.toContain(id);
  });

  it('waits for room in its queue, says so once, and lets no critical job pass those before it', async () => {
    const spooling = await stage.spooling({}, { maxWaiting: 20 });
    const { broker, queue } = spooling;
    for (let n = 1; n <= 60; n += 1)
      await broker.addOnce(queue, { ...ordinary(n), ordinary: false, critical: n % 3 === 0 });
    stage.proxy.heal();
    await waitUntil(() => broker.spooled?.waits.length === 1, 'the queue to be full');
    expect(broker.spooled?.waits).toEqual([
      expect.objectContaining({ queue: 'work', jobs: broker.spooled?.jobs, code: 'QUEUE_FULL' }),
    ]);
    const { seen } = await workOn(broker, queue, undefined, 1);
    await drained(spooling);
    await waitUntil(() => numbersOf(seen).length === 61, 'all to run');
    expect(numbersOf(seen)).toEqual(upTo(60));
    expect(told()).toEqual([expect.stringMatching(/^Jobs of the spool wait: Queue "work" is full/)]);
    expect(broker.spooled).toMatchObject({ jobs: 0, waits: [], setAside: [] });
  });

  it.each<[name: string, code: string, begin: () => Promise<unknown>, end: () => Promise<unknown>]>([
    [
      'there is something else where its queue is',
      'WRONGTYPE',
      () => server('hset', `${stage.behind.prefix}:work:delayed`, 'of', 'others'),
      () => server('del', `${stage.behind.prefix}:work:delayed`),
    ],
    [
      'Redis has no room',
      'QUEUE_FULL',
      () => server('config', 'set', 'maxmemory', '1'),
      () => server('config', 'set', 'maxmemory', '0'),
    ],
    [
      'Redis does not let it',
      'NOPERM',
      () => server('acl', 'setuser', 'default', '-eval', '-evalsha'),
      () => server('acl', 'setuser', 'default', '+@all'),
    ],
  ])('waits while %s, and says so once', async (_name, code, begin, end) => {
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    for (let n = 1; n <= 5; n += 1) await broker.addOnce(queue, ordinary(n));
    await begin();
    stage.proxy.heal();
    try {
      await waitUntil(() => broker.spooled?.waits[0]?.code === code, 'the spool to say why it waits');
      expect(broker.spooled?.setAside).toEqual([]);
    } finally {
      await end();
    }
    await drained(spooling);
    const { seen } = await workOn(broker, queue, undefined, 1);
    await waitUntil(() => numbersOf(seen).length === 6, 'all to run');
    expect(numbersOf(seen)).toEqual(upTo(5));
    expect(told().filter((message) => message.startsWith('Jobs of the spool wait: '))).toHaveLength(1);
  });

  it('sets aside what cannot be added, says why, and goes on with the rest', async () => {
    const before = stage.open();
    await before.broker.addOnce(before.queue, request({ data: { n: 0 }, ...keyed('taken', 'other') }));
    await server('hset', `${stage.behind.prefix}:work:de:strange`, 'of', 'others');
    await before.broker.close();
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    await broker.addOnce(queue, ordinary(1));
    const conflict = await broker.addOnce(queue, request({ data: { n: 2 }, ...keyed('taken') }));
    const strange = { debounce: { id: 'strange', ttl: 60_000 } };
    await broker.addOnce(queue, request({ data: { n: 3 }, options: strange }));
    await broker.addOnce(queue, ordinary(4));
    stage.proxy.heal();
    await drained(spooling);
    expect(broker.spooled?.setAside).toEqual([
      {
        queue: 'work',
        jobs: 1,
        code: 'IDEMPOTENCY_CONFLICT',
        message: expect.stringContaining('"aside" of'),
      },
      { queue: 'work', jobs: 1, code: 'WRONGTYPE', message: expect.stringContaining('another prefix') },
    ]);
    expect(told()).toEqual([
      expect.stringMatching(
        `Job "${conflict.id}" was acknowledged and cannot be added as it is: Idempotency key`,
      ),
      expect.stringMatching(/^Job "m_.*" was acknowledged and cannot be added as it is: Redis refused/),
    ]);
    // What was in the way is gone: they are tried again at the next start.
    await server('del', `${stage.behind.prefix}:work:de:strange`);
    await server('flushall');
    await broker.close();
    const again = stage.open();
    await drained(again);
    expect(again.broker.spooled?.setAside).toEqual([]);
    expect(numbersOf(await again.queue.getWaiting()).toSorted((a, b) => a - b)).toEqual([2, 3]);
  });

  it('sets aside what is too large by now, or damaged, or what Redis refuses while it takes those behind it', async () => {
    const first = await stage.spooling();
    await first.broker.addOnce(first.queue, ordinary(1));
    await first.broker.addOnce(first.queue, request({ data: { text: 'x'.repeat(2_000) } }));
    await first.broker.addOnce(first.queue, request({ options: { priority: 1 } }));
    await first.broker.addOnce(first.queue, request({ options: { jobId: 'damaged' } }));
    await first.broker.addOnce(first.queue, ordinary(2));
    await first.broker.close();
    const file = new Libsql(`${stage.directory}/spool-1.db`);
    file.prepare(`UPDATE jobs SET record = '{"secret":' WHERE id = 'damaged'`).run();
    file.close();
    await server('hset', `${stage.behind.prefix}:work:mq:lane:1`, 'of', 'others');
    stage.proxy.heal();
    const spooling = stage.open({}, { maxPayloadBytes: 1_000 });
    await drained(spooling);
    const kinds = spooling.broker.spooled?.setAside ?? [];
    expect(kinds.map(({ code }) => code).toSorted()).toEqual([
      'INVALID_PAYLOAD',
      'SPOOL_RECORD',
      'WRONGTYPE',
    ]);
    expect(JSON.stringify([kinds, told()])).not.toContain('secret');
    const { seen } = await workOn(spooling.broker, spooling.queue, undefined, 1);
    await waitUntil(() => numbersOf(seen).length === 3, 'the others to run');
    expect(numbersOf(seen)).toEqual([0, 1, 2]);
  });

  it('keeps jobs of a queue that the process does not have, says so, and sends the others', async () => {
    const first = await stage.spooling();
    await first.broker.addOnce(first.queue, ordinary(1));
    await first.broker.close();
    stage.proxy.heal();
    const other = stage.open({}, { name: 'other' });
    const base = `${stage.behind.prefix}:work:`;
    expect(other.broker.spooled?.waits).toEqual([
      expect.objectContaining({ queue: base, jobs: other.broker.spooled?.jobs, code: 'UNKNOWN_QUEUE' }),
    ]);
    await waitUntil(
      () => told().some((message) => message.includes(`are for "${base}"`)),
      'a line in the log',
    );
    await other.broker.close();
    const again = stage.open();
    await drained(again);
    expect(numbersOf(await again.queue.getWaiting())).toContain(1);
  });
});
