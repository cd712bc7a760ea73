import { once } from 'node:events';
import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import Bull from 'bull';
import type { Queue } from 'bull';
import { IsString } from 'class-validator';
import { Redis } from 'ioredis';
import {
  defineQueue,
  getQueueToken,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  UnrecoverableJobError,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { CircuitBreakers } from '../../src/message-queue/ports/index.js';
import type {
  JobContext,
  JobEventMap,
  JobEventName,
  MessageQueueModuleOptions,
} from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class ErrandJobDto {
  @IsString()
  text!: string;
}

const ERRANDS = defineQueue({
  name: 'errands',
  description: 'Jobs of a test.',
  jobs: { errand: ErrandJobDto },
  concurrency: 1,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 30_000,
  minRepeatMs: 100,
});

@Processor('errands')
class ErrandsProcessor {
  constructor(private readonly breakers: CircuitBreakers) {}

  @JobHandler('errand')
  async errand({ text }: ErrandJobDto, { attempt, progress, signal }: JobContext): Promise<void> {
    if (text === 'reports') await progress({ percentage: 50 });
    if (text === 'fails') throw new Error('no');
    if (text === 'fails once' && attempt === 1) throw new Error('no');
    if (text === 'calls') await this.breakers.run('shop', () => Promise.reject(new Error('closed')));
    if (text === 'waits') await once(signal, 'abort');
  }
}

const JOB_EVENTS = [
  'enqueued',
  'active',
  'progress',
  'completed',
  'failed',
  'retrying',
  'deadLettered',
  'cancelled',
  'stalled',
] as const satisfies readonly JobEventName[];

function heard<Name extends JobEventName>(app: INestApplication, name: Name): JobEventMap[Name][] {
  const seen: JobEventMap[Name][] = [];
  app.get(JobEvents).on(name, (event) => void seen.push(event));
  return seen;
}

describe.each(['memory', 'redis'] as const)('events of a process on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefix = 0;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start(['--appendonly', 'yes', '--maxmemory', '1gb']);
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  const start = (more: MessageQueueModuleOptions = {}): Promise<INestApplication> =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          prefix: `events-${(prefix += 1)}`,
          ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
          ...more,
        }),
        MessageQueueModule.registerQueue(ERRANDS),
      ],
      providers: [ErrandsProcessor],
    });

  it('tell when a queue has nothing more to run', async () => {
    const app = await start({ autoStart: false });
    const drained = heard(app, 'drained');
    const completed = heard(app, 'completed');
    const ofErrands = (): number => drained.filter(({ queue }) => queue === 'errands').length;
    const service = app.get(MessageQueueService);
    for (const text of ['a', 'b', 'c']) await service.enqueue(ERRANDS, 'errand', { text });
    await app.get(MessageQueueWorker).start();
    await waitUntil(() => ofErrands() > 0, 'drained');
    expect(completed).toHaveLength(3);
    await service.enqueue(ERRANDS, 'errand', { text: 'd' });
    await waitUntil(() => ofErrands() > 1, 'drained again');
    expect(completed).toHaveLength(4);
    expect(ofErrands()).toBe(2);
  });

  it('tell each thing that happens to a job that runs, in order and once', async () => {
    const app = await start({ circuitBreakers: { failureThreshold: 1 } });
    const told: string[] = [];
    const events = app.get(JobEvents);
    for (const name of JOB_EVENTS) {
      events.on(name, ({ queue, jobId }) => void told.push(`${jobId} ${name} ${queue}`));
    }
    const states: unknown[] = [];
    events.on('breaker', ({ dependency, state }) => void states.push([dependency, state]));
    const service = app.get(MessageQueueService);
    const storyOf = async (text: string, untilName: JobEventName, more = {}): Promise<string[]> => {
      const { id } = await service.enqueue(ERRANDS, 'errand', { text }, more);
      const ofJob = (): string[] => told.filter((line) => line.startsWith(`${id} `));
      if (text === 'waits') {
        await waitUntil(() => ofJob().includes(`${id} active errands`), `${text}: active`);
        await service.cancelJob('errands', id, 'no need');
      }
      await waitUntil(() => ofJob().includes(`${id} ${untilName} errands`), `${text}: ${untilName}`);
      return ofJob().map((line) => line.split(' ')[1] ?? '');
    };

    expect(await storyOf('reports', 'completed')).toEqual(['enqueued', 'active', 'progress', 'completed']);
    const once = ['enqueued', 'active', 'failed', 'retrying', 'active', 'completed'];
    expect(await storyOf('fails once', 'completed')).toEqual(once);
    const dead = ['enqueued', 'active', 'failed', 'retrying', 'active', 'failed', 'deadLettered'];
    expect(await storyOf('fails', 'deadLettered')).toEqual(dead);
    expect(await storyOf('waits', 'cancelled')).toEqual(['enqueued', 'active', 'failed', 'cancelled']);
    const broken = ['enqueued', 'active', 'failed', 'deadLettered'];
    expect(await storyOf('calls', 'deadLettered', { attempts: 1 })).toEqual(broken);
    expect(states).toEqual([['shop', 'OPEN']]);
    // What comes late would be told by now: this job is behind all others.
    await storyOf('last', 'completed');
    expect(told).toHaveLength(4 + 6 + 7 + 4 + 4 + 3);
  });

  it('tell that a job was cancelled before it ran', async () => {
    const app = await start({ autoStart: false });
    const cancelled = heard(app, 'cancelled');
    const service = app.get(MessageQueueService);
    const waiting = await service.enqueue(ERRANDS, 'errand', { text: 'a' });
    const delayed = await service.enqueue(ERRANDS, 'errand', { text: 'b' }, { delay: 60_000 });
    for (const { id } of [waiting, delayed]) await service.cancelJob('errands', id, 'no need');
    await service.cancelJob('errands', waiting.id, 'once more');
    const place = { queue: 'errands', job: 'errand', attempt: 1, reason: 'no need' };
    expect(cancelled).toEqual([
      { ...place, jobId: waiting.id, correlationId: waiting.id },
      { ...place, jobId: delayed.id, correlationId: delayed.id },
    ]);
  });

  describe('tell once of each job that this process added', () => {
    const places = (list: JobEventMap['enqueued'][]): string[] => list.map(({ jobId }) => jobId).sort();

    it('by the service: alone, under a key, in bulk', async () => {
      const app = await start({ autoStart: false });
      const enqueued = heard(app, 'enqueued');
      const service = app.get(MessageQueueService);
      const payload = { text: 'a' };
      const once = { idempotencyKey: 'k' };
      const first = await service.enqueue(ERRANDS, 'errand', payload);
      expect(enqueued).toEqual([{ queue: 'errands', job: 'errand', jobId: first.id }]);
      const keyed = await service.enqueue(ERRANDS, 'errand', payload, once);
      expect(await service.enqueue(ERRANDS, 'errand', payload, once)).toMatchObject({ deduplicated: true });
      const bulk = await service.enqueueMany(ERRANDS, 'errand', [
        { payload },
        { payload, options: once },
        { payload: { text: 1 as unknown as string } },
        { payload, options: { delay: 60_000 } },
      ]);
      expect(bulk.map(({ outcome }) => outcome)).toEqual(['added', 'deduplicated', 'rejected', 'added']);
      const added = bulk.flatMap((receipt) => (receipt.outcome === 'added' ? receipt.id : []));
      expect(places(enqueued)).toEqual([first.id, keyed.id, ...added].sort());
    });

    it('by the queue: add and addBulk, not an id that is there', async () => {
      const app = await start({ autoStart: false });
      const enqueued = heard(app, 'enqueued');
      const queue = app.get<Queue>(getQueueToken('errands'));
      const { id } = await queue.add('errand', { text: 'a' });
      await queue.add('errand', { text: 'b' }, { jobId: 'mine' });
      await queue.add('errand', { text: 'b' }, { jobId: 'mine' });
      const bulk = await queue.addBulk([
        { name: 'errand', data: { text: 'c' } },
        { name: 'errand', data: { text: 'd' }, opts: { jobId: 'mine' } },
      ]);
      expect(places(enqueued)).toEqual([String(id), 'mine', String(bulk[0]?.id)].sort());
      await expect(queue.add('errand', { text: 'e' }, { priority: -1 })).rejects.toThrow('priority');
      expect(enqueued).toHaveLength(3);
      expect(enqueued.every(({ queue: name, job }) => name === 'errands' && job === 'errand')).toBe(true);
    });

    it('by a schedule: each of its runs, however often it is declared', async () => {
      const app = await start();
      const enqueued = heard(app, 'enqueued');
      const completed = heard(app, 'completed');
      const service = app.get(MessageQueueService);
      const queue = app.get<Queue>(getQueueToken('errands'));
      const hourly = { repeat: { cron: '0 * * * *' } };
      await Promise.all([1, 2, 3].map(() => queue.add('errand', { text: 'a' }, hourly)));
      await service.enqueue(ERRANDS, 'errand', { text: 'a' }, hourly);
      expect(enqueued).toHaveLength(1);
      await queue.add('errand', { text: 'b' }, { repeat: { every: 100, limit: 3 } });
      await waitUntil(() => completed.length === 3, 'the runs of the schedule');
      const runs = completed.map(({ jobId }) => jobId);
      expect(places(enqueued).filter((id) => runs.includes(id))).toEqual([...runs].sort());
      expect(enqueued).toHaveLength(4);
    });

    it('before the job starts, and not again when it is tried once more or replayed', async () => {
      const app = await start();
      const order: string[] = [];
      const events = app.get(JobEvents);
      for (const name of ['enqueued', 'active', 'deadLettered'] as const) {
        events.on(name, ({ jobId }) => void order.push(`${name} ${jobId}`));
      }
      const { id } = await app.get(MessageQueueService).enqueue(ERRANDS, 'errand', { text: 'fails' });
      const dead = `deadLettered ${id}`;
      await waitUntil(() => order.includes(dead), 'the dead letter');
      const queue = app.get<Queue>(getQueueToken('errands'));
      await (await queue.getJob(id))?.retry();
      await waitUntil(() => order.filter((entry) => entry === dead).length === 2, 'the second dead letter');
      expect(order[0]).toBe(`enqueued ${id}`);
      expect(order.filter((entry) => entry.startsWith('enqueued'))).toHaveLength(1);
    });
  });

  if (provider === 'memory') return;

  it('tell what fails outside of any handler', async () => {
    const app = await start({ prefix: 'broken' });
    const errors = heard(app, 'error');
    const client = new Redis(redis?.port ?? 0);
    try {
      await client.rpush('broken:errands:wait', 'm_gone');
      await waitUntil(() => errors.length > 0, 'the error');
      expect(errors).toEqual([{ queue: 'errands', error: expect.any(Error) }]);
      expect(errors[0]?.error.message).toMatch(/"m_gone" has no job behind it/);
    } finally {
      client.disconnect();
    }
  });

  it('tell of a dead letter that nobody can read', async () => {
    const app = await start({ prefix: 'unread', autoStart: false });
    const deadLettered = heard(app, 'deadLettered');
    const { id } = await app.get(MessageQueueService).enqueue(ERRANDS, 'errand', { text: 'a' });
    const client = new Redis(redis?.port ?? 0);
    try {
      await client.hset(`unread:errands:${id}`, 'data', '{"broken');
      await app.get(MessageQueueWorker).start();
      await waitUntil(() => deadLettered.length > 0, 'the dead letter');
      const place = { queue: 'errands', job: 'errand', jobId: id, attempt: 1, correlationId: id };
      const message = expect.stringMatching(/cannot be read/) as unknown;
      const failure = { attempt: 1, kind: 'error', error: 'UNRECOVERABLE_JOB', message };
      expect(deadLettered).toEqual([
        { ...place, error: expect.any(UnrecoverableJobError), failure: expect.objectContaining(failure) },
      ]);
    } finally {
      client.disconnect();
    }
  });

  it('tell that a job of a dead worker was found', async () => {
    const app = await start({
      autoStart: false,
      prefix: 'stalled',
      lock: { durationMs: 600, renewMs: 150, stalledCheckMs: 100 },
    });
    const stalled = heard(app, 'stalled');
    const { id } = await app.get(MessageQueueService).enqueue(ERRANDS, 'errand', { text: 'a' });
    const dead = new Bull('errands', {
      prefix: 'stalled',
      redis: { host: '127.0.0.1', port: redis?.port ?? 0 },
      settings: { lockDuration: 50 },
    });
    try {
      expect((await dead.getNextJob())?.id).toBe(id);
      await app.get(MessageQueueWorker).start();
      await waitUntil(() => stalled.length > 0, 'the stalled job');
      expect(stalled).toEqual([{ queue: 'errands', jobId: id }]);
    } finally {
      await dead.close();
    }
  });
});
