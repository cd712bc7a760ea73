import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import Bull from 'bull';
import type { Queue } from 'bull';
import { IsString } from 'class-validator';
import {
  defineQueue,
  getQueueToken,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  MessageQueueWorker,
} from '../../src/message-queue/index.js';
import type { JobEventMap, JobEventName, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
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
});

@Processor('errands')
class ErrandsProcessor {
  @JobHandler('errand')
  errand({ text }: ErrandJobDto): void {
    if (text === 'fails') throw new Error('no');
  }
}

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
    await app.get(MessageQueueService).enqueue(ERRANDS, 'errand', { text: 'a' });
    await app.get(MessageQueueWorker).start();
    await waitUntil(() => drained.some(({ queue }) => queue === 'errands'), 'drained');
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
      { ...place, jobId: waiting.id },
      { ...place, jobId: delayed.id },
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
      await waitUntil(() => stalled.length > 0, 'the stalled job', 15_000);
      expect(stalled).toEqual([{ queue: 'errands', jobId: id }]);
    } finally {
      await dead.close();
    }
  }, 30_000);
});
