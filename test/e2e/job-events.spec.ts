import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import Bull from 'bull';
import { IsString } from 'class-validator';
import {
  defineQueue,
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
  errand(): void {
    // Nothing to do: the events are what counts.
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
