import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { addAll } from '../support/add-all.js';
import { BrokerFixture, workOn } from '../support/redis-broker-fixture.js';
import type { SeenRun } from '../support/redis-broker-fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { AHEAD_LOCK, AHEAD_QUEUE, begunKey } from './ahead-host.js';
import type { AheadHostSettings } from './ahead-host.js';
import { workerScript } from './process/worker-script.js';
import type { WorkerScript } from './process/worker-script.js';

const JOBS = 6_000;

describe('a worker that is killed with jobs taken ahead', () => {
  let redis: TestRedis;
  let client: Redis;
  let script: WorkerScript;
  let fixture: BrokerFixture;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
    script = workerScript('ahead-host');
  });
  beforeEach(() => {
    fixture = new BrokerFixture(redis);
  });
  afterEach(() => fixture.close());
  afterAll(async () => {
    script.remove();
    client.disconnect();
    await redis.stop();
  });

  /** Starts the worker. @returns kills it, and resolves when it is gone */
  function startWorker(settings: Pick<AheadHostSettings, 'concurrency' | 'deadly'>): {
    readonly gone: Promise<unknown>;
    kill(): void;
  } {
    const all: AheadHostSettings = { port: redis.port, prefix: fixture.prefix, ...settings };
    const env = { ...process.env, NODE_PATH: script.nodePath };
    const child = fork(script.file, [JSON.stringify(all)], { env, execArgv: [] });
    return { gone: once(child, 'exit'), kill: () => void child.kill('SIGKILL') };
  }

  const keyOf = (id: string): string => `${fixture.prefix}:${AHEAD_QUEUE.name}:${id}`;

  /** Adds the jobs. @returns their ids, in order */
  async function fill(): Promise<string[]> {
    const broker = fixture.broker();
    const requests = Array.from({ length: JOBS }, () => ({ name: 'short', data: {}, options: {} }));
    return addAll(broker, broker.createQueue(AHEAD_QUEUE), requests);
  }

  /** Ids of the jobs that the worker held when it died, and of those among them that only waited there. */
  async function leftBehind(): Promise<{ readonly held: string[]; readonly waited: string[] }> {
    const held = await client.lrange(keyOf('active'), 0, -1);
    const ahead = await client.smembers(keyOf('mq:ahead'));
    return { held, waited: held.filter((id) => ahead.some((mark) => mark.endsWith(` ${id}`))) };
  }

  /** Works off what is left in this process. */
  async function workOffRest(): Promise<SeenRun[]> {
    const broker = fixture.broker({ lock: AHEAD_LOCK });
    const queue = broker.createQueue(AHEAD_QUEUE);
    const { seen } = await workOn(broker, queue, undefined, 10);
    const isDone = async (): Promise<boolean> => {
      const { waiting, active } = await broker.snapshot(queue);
      return waiting + active === 0;
    };
    await waitUntil(isDone, 'the rest to be worked off');
    return seen;
  }

  it('counts a crash of the job that killed it, and of none that only waited', async () => {
    const ids = await fill();
    const deadly = ids[1_000] ?? '';
    await startWorker({ concurrency: 1, deadly }).gone;
    const begun = await client.lrange(begunKey(fixture.prefix), 0, -1);
    expect(begun).toEqual(ids.slice(0, 1_001));
    const { held, waited } = await leftBehind();
    expect(waited.length).toBeGreaterThan(1);
    expect(held.filter((id) => !waited.includes(id))).toEqual([deadly]);
    const seen = await workOffRest();
    expect(seen.filter(({ taken }) => taken.crashes.length > 0).map(({ id }) => id)).toEqual([deadly]);
    expect(seen.map(({ id }) => id).sort()).toEqual(ids.slice(1_000).sort());
  }, 60_000);

  it('loses no job, and runs none again that had not begun', async () => {
    const ids = await fill();
    const worker = startWorker({ concurrency: 10 });
    const begunCount = (): Promise<number> => client.llen(begunKey(fixture.prefix));
    await waitUntil(async () => (await begunCount()) > 1_000, 'many jobs to begin');
    worker.kill();
    await worker.gone;
    const begun = await client.lrange(begunKey(fixture.prefix), 0, -1);
    expect(new Set(begun).size).toBe(begun.length);
    const { held, waited } = await leftBehind();
    expect(begun.filter((id) => waited.includes(id))).toEqual([]);
    expect(held.length).toBeGreaterThan(0);
    const seen = await workOffRest();
    const again = seen.filter(({ id }) => begun.includes(id));
    expect(again.map(({ id }) => id).sort()).toEqual(held.filter((id) => begun.includes(id)).sort());
    // The others may have been about to begin.
    const crashed = seen.filter(({ taken }) => taken.crashes.length > 0);
    expect(crashed.filter(({ id }) => waited.includes(id))).toEqual([]);
    expect(crashed.length).toBe(held.length - waited.length);
    expect(new Set([...begun, ...seen.map(({ id }) => id)])).toEqual(new Set(ids));
  }, 60_000);
});
