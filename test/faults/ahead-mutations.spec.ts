import type { Queue } from 'bull';
import { addAll } from '../support/add-all.js';
import { BrokerFixture, completed, testQueue, workOn } from '../support/redis-broker-fixture.js';
import type { SeenRun } from '../support/redis-broker-fixture.js';
import { breakMethod, breakScript, mendAll } from '../support/mistakes.js';
import { redisStage } from '../support/redis-stage.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';
import type { TakenJob } from '../../src/message-queue/jobs/taken-job.js';
import type { RedisTakenJob } from '../../src/message-queue/broker/redis/bull/redis-taken-job.js';
import type { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { completeJobsScript } from '../../src/message-queue/broker/redis/scripts/complete-jobs.lua.js';
import { recoverStalledScript } from '../../src/message-queue/broker/redis/scripts/keep-jobs.lua.js';
import { takeJobsScript } from '../../src/message-queue/broker/redis/scripts/take-jobs.lua.js';
import { CompletionBatcher } from '../../src/message-queue/broker/redis/working/completion-batcher.js';
import { LockKeeper } from '../../src/message-queue/broker/redis/working/lock-keeper.js';

const SCRIPTS = { take: takeJobsScript, complete: completeJobsScript, recover: recoverStalledScript };
const JOBS = 1_000;
/** Between two renewals stalled jobs are looked for several times. */
const LOCK = { durationMs: 10_000, renewMs: 150, stalledCheckMs: 50 };
/** So many looks for stalled jobs take longer than the locks live that the test shortens. */
const LOOKS = 15;

/** Lets scripts ask for something else. */
const breakScripts = (names: readonly (keyof typeof SCRIPTS)[], answer: string) => (): void =>
  names.forEach((name) => breakScript(SCRIPTS[name], answer));

type Mutation = readonly [mistake: string, broken: string, apply: () => void];

/** What could lose a job that was taken ahead when its worker dies, or blame it for the death. */
const WHEN_KILLED: readonly Mutation[] = [
  [
    'jobs taken get no lock',
    'locks',
    breakScripts(
      ['take', 'complete'],
      `if command == 'SET' and string.find(key, ':lock$') then return false end`,
    ),
  ],
  [
    'locks that never expire',
    'locks',
    breakScripts(
      ['take', 'complete'],
      `if command == 'SET' and string.find(key, ':lock$') then return real.call('SET', key, args[1]) end`,
    ),
  ],
  [
    'jobs taken do not stand in active',
    'lost',
    breakScripts(
      ['take', 'complete'],
      `if (command == 'LPUSH' or command == 'RPUSH') and string.find(key, ':active$') then return 1 end`,
    ),
  ],
  [
    'the recovery passes over what did not begin',
    'lost',
    breakScripts(
      ['recover'],
      `if command == 'LREM' then
    local mark = (real.call('HGET', KEYS[1] .. args[2], 'mqRun') or '') .. ' ' .. args[2]
    if real.call('SISMEMBER', KEYS[1] .. 'mq:ahead', mark) == 1 then return 0 end
  end`,
    ),
  ],
  [
    'the mark of what did not begin is not stored',
    'crashes',
    breakScripts(['complete'], `if command == 'SADD' and string.find(key, ':ahead$') then return 1 end`),
  ],
  [
    'that a job begins is not stored',
    'begin',
    breakScripts(['complete'], `if command == 'SREM' and string.find(key, ':ahead$') then return 1 end`),
  ],
  [
    'that a job begins is told after its handler has started',
    'begin',
    breakMethod(
      CompletionBatcher,
      'send',
      (send) =>
        async function (...args: unknown[]) {
          await new Promise((resolve) => setImmediate(resolve));
          return send.apply(this, args);
        },
    ),
  ],
];

/** What could run a job twice while the worker lives that took it ahead. */
const WHILE_ALIVE: readonly Mutation[] = [
  [
    'locks of jobs taken ahead are not renewed',
    'run twice',
    breakMethod(
      LockKeeper,
      'renew',
      (renew) =>
        function (this: { active: ReadonlyMap<string, RedisTakenJob> }) {
          const active = new Map([...this.active].filter(([, { isAhead }]) => !isAhead));
          return renew.call(Object.create(this, { active: { value: active } }));
        },
    ),
  ],
  [
    'the recovery does not look at locks',
    'run twice',
    breakScripts(['recover'], `if command == 'EXISTS' and string.find(key, ':lock$') then return 0 end`),
  ],
];

describe('the guarantees of jobs that are taken ahead', () => {
  const stage = redisStage({ withProblems: true });
  let proxy: TcpProxy;
  let behind: BrokerFixture;
  let ended: Promise<void>;
  /** Ends the special run. */
  let end: () => void;

  beforeEach(async () => {
    proxy = await TcpProxy.start(stage.redis.port);
    behind = new BrokerFixture({ port: proxy.port });
    ended = new Promise((resolve) => (end = resolve));
  });
  afterEach(async () => {
    mendAll();
    // So that nothing waits for an answer when it closes.
    proxy.heal();
    proxy.cut();
    end();
    await behind.close();
    await proxy.stop();
  });

  const fill = (broker: RedisBroker, queue: Queue): Promise<string[]> =>
    addAll(
      broker,
      queue,
      Array.from({ length: JOBS }, () => ({ name: 'job', data: {}, options: {} })),
    );

  /** Works behind the proxy; the first run of a job that was taken ahead, with others behind it, is `special`. */
  async function workBehind(special: (taken: TakenJob, queue: Queue) => Promise<void>): Promise<SeenRun[]> {
    const broker = behind.broker({ prefix: stage.fixture.prefix, lock: LOCK, socketTimeoutMs: 60_000 });
    const queue = broker.createQueue(testQueue());
    let isSpecial = false;
    const { seen, worker } = await workOn(
      broker,
      queue,
      async (taken) => {
        if (!isSpecial && (taken as RedisTakenJob).isAhead && worker.active.size > 3) {
          isSpecial = true;
          await special(taken, queue);
        }
        return completed();
      },
      1,
    );
    return seen;
  }

  /** Works off the rest beside or after that worker. @returns once nothing is left, or nothing changes any more */
  async function workOff(broker: RedisBroker, queue: Queue): Promise<SeenRun[]> {
    const { seen } = await workOn(broker, queue, () => completed(), 3);
    const looks = new Set<string | null>();
    let ran = -1;
    await waitUntil(
      async () => {
        const { waiting, active } = await broker.snapshot(queue);
        if (waiting + active === 0) return true;
        if (seen.length !== ran) looks.clear();
        ran = seen.length;
        looks.add(await stage.client.get(queue.toKey('stalled-check')));
        return looks.size > LOOKS;
      },
      'the rest',
      10_000,
    );
    return seen;
  }

  async function complaintsWhenKilled(): Promise<string[]> {
    const found = new Set<string>();
    const broker = stage.fixture.broker({ lock: LOCK });
    const queue = broker.createQueue(testQueue());
    const ids = await fill(broker, queue);
    let deadly = '';
    const first = await workBehind(async (taken, at) => {
      const { fence, id } = taken as RedisTakenJob;
      // Whatever was written to the connection before the handler started is executed before this.
      if ((await at.client.sismember(at.toKey('mq:ahead'), `${fence} ${id}`)) === 1) found.add('begin');
      proxy.blackhole();
      deadly = id;
      await ended;
    });
    await waitUntil(() => deadly !== '', 'the deadly job', 5_000);
    const held = await stage.client.lrange(queue.toKey('active'), 0, -1);
    for (const lock of held.map((id) => queue.toKey(`${id}:lock`))) {
      const leftMs = await stage.client.pttl(lock);
      if (leftMs <= 0 || leftMs > LOCK.durationMs) found.add('locks');
      // As if so much time had passed.
      else await stage.client.del(lock);
    }
    const second = await workOff(broker, queue);
    const seen = [...first, ...second].map(({ id }) => id);
    if (new Set(seen).size < ids.length) found.add('lost');
    if (seen.filter((id, i) => seen.indexOf(id) < i).join() !== deadly) found.add('run twice');
    const crashed = second.filter(({ taken }) => taken.crashes.length > 0).map(({ id }) => id);
    if (crashed.join() !== deadly) found.add('crashes');
    return [...found];
  }

  async function complaintsWhileAlive(): Promise<string[]> {
    const broker = stage.fixture.broker({ lock: LOCK });
    const queue = broker.createQueue(testQueue());
    const ids = await fill(broker, queue);
    let slow = '';
    const first = await workBehind(async ({ job }) => {
      slow = String(job.id);
      await ended;
    });
    await waitUntil(
      async () => slow !== '' && (await stage.client.llen(queue.toKey('active'))) <= 1,
      'the line to be empty',
    );
    const lock = queue.toKey(`${slow}:lock`);
    await stage.client.pexpire(lock, 3 * LOCK.renewMs);
    const second: SeenRun[] = await workOff(broker, queue);
    end();
    await waitUntil(async () => (await broker.snapshot(queue)).active === 0, 'the end');
    const seen = [...first, ...second].map(({ id }) => id);
    const found: string[] = [];
    if (new Set(seen).size < ids.length) found.push('lost');
    if (new Set(seen).size < seen.length) found.push('run twice');
    return found;
  }

  it('hold when the worker is killed', async () => {
    expect(await complaintsWhenKilled()).toEqual([]);
  });

  it.each(WHEN_KILLED)('are seen to be broken by a mistake: %s', async (_mistake, broken, apply) => {
    apply();
    expect(await complaintsWhenKilled()).toContain(broken);
  });

  it('hold while the worker lives', async () => {
    expect(await complaintsWhileAlive()).toEqual([]);
  });

  it.each(WHILE_ALIVE)('are seen to be broken by a mistake: %s', async (_mistake, broken, apply) => {
    apply();
    expect(await complaintsWhileAlive()).toContain(broken);
  });
});
