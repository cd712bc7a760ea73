import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { addAll } from '../support/add-all.js';
import { BrokerFixture } from '../support/redis-broker-fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { eventsKey, ORDERED_QUEUE } from './ordered-host.js';
import type { OrderedHostSettings } from './ordered-host.js';
import { workerScript } from './process/worker-script.js';
import type { WorkerScript } from './process/worker-script.js';

const JOBS = 1_000;
const KEYS = 20;
const WORKERS = 2;
const MOST_KILLS = 8;
/** A worker is killed after so many starts more: about each second. */
const STARTS_BETWEEN_KILLS = 150;

describe('workers of ordered keys that are killed again and again', () => {
  let redis: TestRedis;
  let client: Redis;
  let script: WorkerScript;
  let fixture: BrokerFixture;
  const workers: ChildProcess[] = [];

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
    script = workerScript('ordered-host');
    fixture = new BrokerFixture(redis);
  });
  afterAll(async () => {
    await Promise.all(workers.splice(0).map(kill));
    await fixture.close();
    script.remove();
    client.disconnect();
    await redis.stop();
  });

  async function kill(worker: ChildProcess): Promise<void> {
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
  }

  function startWorker(): void {
    const settings: OrderedHostSettings = { port: redis.port, prefix: fixture.prefix };
    const env = { ...process.env, NODE_PATH: script.nodePath };
    workers.push(fork(script.file, [JSON.stringify(settings)], { env, execArgv: [] }));
  }

  const events = (): Promise<string[]> => client.lrange(eventsKey(fixture.prefix), 0, -1);
  const keyOf = (id: string): string => id.slice(0, id.indexOf('.'));

  /** Whatever is out of order in what the workers wrote down. */
  function complaints(written: readonly string[], ids: readonly string[]): string[] {
    const found: string[] = [];
    for (let k = 0; k < KEYS; k++) {
      const expected = ids.filter((id) => keyOf(id) === `k${k}`);
      const ended = new Set<string>();
      for (const event of written) {
        const [what, id = ''] = event.split(' ');
        if (keyOf(id) !== `k${k}`) continue;
        // Whoever died before its end was stored runs again; nobody else of the key may have started by then.
        const place = expected.indexOf(id);
        if (what === 'start' && expected.slice(0, place).some((other) => !ended.has(other)))
          found.push(`${id} started too early`);
        if (expected.slice(place + 1).some((other) => ended.has(other))) found.push(`${event} came too late`);
        if (what === 'end') ended.add(id);
      }
      if (ended.size < expected.length) found.push(`${expected.length - ended.size} of k${k} never ended`);
    }
    return found;
  }

  it('end the jobs of each key in the order of their adds, never two at once', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(ORDERED_QUEUE);
    const requests = Array.from({ length: JOBS }, (_, n) => {
      const key = `k${n % KEYS}`;
      return {
        name: 'send',
        data: { failsOnce: n % 3 === 0 },
        options: { jobId: `${key}.${n}`, removeOnComplete: false, mq: { key } },
      };
    });
    const ids = await addAll(broker, queue, requests);
    for (let n = 0; n < WORKERS; n++) startWorker();

    let [kills, killedAt] = [0, 0];
    await waitUntil(
      async () => {
        const { completed } = await broker.snapshot(queue);
        if (completed === JOBS) return true;
        const written = await client.llen(eventsKey(fixture.prefix));
        if (kills < MOST_KILLS && written - killedAt > 2 * STARTS_BETWEEN_KILLS) {
          [kills, killedAt] = [kills + 1, written];
          await kill(workers.shift() as ChildProcess);
          startWorker();
        }
        return false;
      },
      'all to complete',
      100_000,
    );

    const written = await events();
    expect(complaints(written, ids)).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(5);
    // Some had not ended when their workers died.
    const starts = written.filter((event) => event.startsWith('start'));
    const fails = written.filter((event) => event.startsWith('fail'));
    expect(starts.length).toBeGreaterThan(JOBS + new Set(fails).size);
    const { flow, ...counts } = await broker.snapshot(queue);
    expect(counts).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    expect(flow).toMatchObject({ held: 0, holding: 0, parked: 0, repairs: 0 });
  });
});
