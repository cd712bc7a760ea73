import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { EnqueueOptions } from '../../src/message-queue/index.js';
import type { HealthReason } from '../../src/message-queue/operations/index.js';
import { TestRedis } from '../support/redis-server.js';
import { CLOCK_STEPS } from '../support/set-clock.js';
import { waitUntil } from '../support/wait-until.js';
import type { ScheduleReceipt } from '../../src/message-queue/operations/index.js';
import type { HostNews, HostRequest } from './wrong-clock-host.js';

/** What a job is delayed by, and the backoff of the queue. */
const DELAY_MS = 1_500;
/** More than a busy machine is late, and far less than the clocks are off. */
const LATE_MS = 20_000;

/** How often the schedule of the hosts runs. */
const EVERY_MS = 300;

/** When each attempt of a job began, on the right clock of this process, by `id attempt`. */
const began = new Map<string, number>();
/** When jobs ended that had not started in time, by id, on the same clock. */
const expired = new Map<string, number>();
/** Runs of the schedule: when each was due, and when it began, milliseconds since the epoch. */
const scheduled: { readonly dueAt: number; readonly at: number }[] = [];

/** A host in a process of its own. */
class Host {
  private readonly answers: unknown[] = [];
  private said = '';

  private constructor(private readonly child: ChildProcess) {
    const hear = (chunk: Buffer): void => void (this.said += chunk.toString());
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('message', (news: HostNews) => {
      if ('answer' in news) this.answers.push(news.answer);
      else if ('expired' in news) expired.set(news.expired, performance.now());
      else if (news.ran.startsWith('repeat:')) {
        scheduled.push({ dueAt: Number(news.ran.split(':')[2]), at: Date.now() });
      } else began.set(`${news.ran} ${news.attempt}`, performance.now());
    });
  }

  static async start(redis: TestRedis, role: 'producer' | 'both', clockOffsetMs: number): Promise<Host> {
    const args = [String(redis.port), role, String(clockOffsetMs)];
    const child = fork(join(__dirname, 'wrong-clock-host.ts'), args, {
      execArgv: ['--require', join(__dirname, '../support/typescript-hook.cjs')],
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const host = new Host(child);
    await host.answer();
    return host;
  }

  /** Lines of its log about its clock. */
  get clockLines(): string[] {
    return this.said.split('\n').filter((line) => line.includes("This machine's clock is"));
  }

  async ask<Answer>(request: HostRequest): Promise<Answer> {
    this.child.send(request);
    return (await this.answer()) as Answer;
  }

  add(what: 'succeed' | 'fail once' | 'fail' | 'hold', delay = 0): Promise<string> {
    return this.ask({ ask: 'add', what, options: { delay } });
  }

  setClock(clockOffsetMs: number): void {
    this.child.send({ clockOffsetMs } satisfies HostRequest);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private async answer(): Promise<unknown> {
    await waitUntil(() => this.answers.length > 0 || this.child.exitCode !== null, 'an answer');
    if (this.answers.length === 0) throw new Error(`The host ended, and said: ${this.said}`);
    return this.answers.shift();
  }
}

/** Waits for a run. @returns how long after `since` it began, milliseconds */
async function beginsAfter(since: number, id: string, attempt = 1): Promise<number> {
  return (await waitUntil(() => began.get(`${id} ${attempt}`), `run ${attempt} of ${id}`)) - since;
}

function expectOnTime(ms: number, delayMs = DELAY_MS): void {
  expect(ms).toBeGreaterThanOrEqual(delayMs - 5);
  expect(ms).toBeLessThan(delayMs + LATE_MS);
}

/** Both make the same schedule: each of its runs comes once, at its time. */
async function haveOneSchedule(one: Host, other: Host): Promise<void> {
  const upsert = async (host: Host): Promise<string> =>
    (await host.ask<ScheduleReceipt>({ ask: 'upsert' })).change;
  expect([await upsert(one), await upsert(other)]).toEqual(['created', 'unchanged']);
  const upsertedAt = Date.now();
  await waitUntil(() => scheduled.length >= 5, 'runs of the schedule');
  expect(await upsert(one)).toBe('unchanged');
  await other.ask({ ask: 'remove' });
  scheduled.splice(0).reduce(
    (before, run) => {
      expect(run.at).toBeGreaterThanOrEqual(run.dueAt - 5);
      expect(run.dueAt).toBeGreaterThan(before.dueAt);
      expect(run.dueAt).toBeLessThanOrEqual(Math.max(before.dueAt, before.at) + EVERY_MS);
      return run;
    },
    { dueAt: 0, at: upsertedAt },
  );
}

describe.each(CLOCK_STEPS)(
  "processes whose clocks are wrong, a worker's %s and its producer's the other way",
  (_step, offsetMs) => {
    let redis: TestRedis;
    const hosts: Host[] = [];
    const start = async (role: 'producer' | 'both', clockOffsetMs: number): Promise<Host> => {
      const host = await Host.start(redis, role, clockOffsetMs);
      hosts.push(host);
      return host;
    };
    beforeAll(async () => {
      redis = await TestRedis.start(['--appendonly', 'yes']);
    });
    afterEach(async () => {
      await Promise.all(hosts.splice(0).map((host) => host.kill()));
      // Jobs that the dead held would keep the handlers of the next hosts busy.
      const client = redis.client();
      await client.flushall();
      client.disconnect();
    });
    afterAll(() => redis.stop());

    it('run jobs on time, each says once that its clock is wrong, and letters are found', async () => {
      const [worker, producer] = [await start('both', offsetMs), await start('producer', -offsetMs)];
      const addedAt = performance.now();
      const delayed = await producer.add('succeed', DELAY_MS);
      const retried = await producer.add('fail once');
      const dead = await producer.add('fail');
      expectOnTime(await beginsAfter(addedAt, delayed));
      expectOnTime(await beginsAfter(began.get(`${retried} 1`) ?? 0, retried, 2));
      for (const host of [worker, producer]) {
        await waitUntil(
          async () => (await host.ask<string[]>({ ask: 'letters' })).includes(dead),
          'the letter',
        );
        const [reason] = await host.ask<HealthReason[]>({ ask: 'health' });
        expect(reason).toMatchObject({ code: 'CLOCK_SKEW', severity: 'degraded' });
        expect(reason?.message).toMatch(/ 3(599|600)\d{3} ms (ahead of|behind) Redis'/);
        expect(host.clockLines).toEqual([expect.stringMatching(/ 3600 s (ahead of|behind) Redis'.*NTP/)]);
      }
    });

    it('start jobs at the time that was asked for, and end those that have not started in time', async () => {
      const [, producer] = [await start('both', offsetMs), await start('producer', -offsetMs)];
      const add = (options: EnqueueOptions): Promise<string> =>
        producer.ask({ ask: 'add', what: 'succeed', options });
      const addedAt = performance.now();
      const delivered = await add({ deliverAt: Date.now() + DELAY_MS, expiresIn: LATE_MS });
      expectOnTime(await beginsAfter(addedAt, delivered));
      for (const held of [await producer.add('hold'), await producer.add('hold')]) await beginsAfter(0, held);
      const since = performance.now();
      const late = await add({ expiresIn: DELAY_MS });
      const endedAt = await waitUntil(() => expired.get(late), 'it to expire');
      expectOnTime(endedAt - since);
      expect(began.has(`${late} 1`)).toBe(false);
    });

    it("run one schedule, and take a dead worker's job over when its lock ends, and not before", async () => {
      const holder = await start('both', -offsetMs);
      const held = await holder.add('hold');
      await beginsAfter(0, held);
      const other = await start('both', offsetMs);
      const free = await other.add('succeed', DELAY_MS);
      await beginsAfter(0, free);
      await haveOneSchedule(holder, other);
      began.delete(`${held} 1`);
      const killedAt = performance.now();
      await holder.kill();
      // The lock lives two seconds from its last renewal.
      const takenAfterMs = await beginsAfter(killedAt, held);
      expect(takenAfterMs).toBeGreaterThan(1_000);
      expect(takenAfterMs).toBeLessThan(LATE_MS);
    });

    it('go on when the clock is set while they run', async () => {
      const host = await start('both', 0);
      const before = performance.now();
      const early = await host.add('succeed', DELAY_MS);
      host.setClock(offsetMs);
      const late = await host.add('succeed', DELAY_MS);
      const retried = await host.add('fail once');
      expectOnTime(await beginsAfter(before, early));
      expectOnTime(await beginsAfter(before, late));
      expectOnTime(await beginsAfter(began.get(`${retried} 1`) ?? 0, retried, 2));
      host.setClock(0);
      const again = performance.now();
      expectOnTime(await beginsAfter(again, await host.add('succeed', DELAY_MS)));
    });
  },
);
