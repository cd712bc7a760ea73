import { Processor } from '@nestjs/bull';
import type { Queue } from 'bull';
import { IsOptional } from 'class-validator';
import type { Redis } from 'ioredis';
import {
  defineQueue,
  getQueueToken,
  JobHandler,
  JobPriority,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { MessageQueueError } from '../../src/kernel/errors.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { clockPasses } from '../support/clock-passes.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class WorkJobDto {
  @IsOptional()
  n?: unknown;
}

const queueOf = (name: string): ReturnType<typeof defineQueue<string, { work: typeof WorkJobDto }>> =>
  defineQueue({
    name,
    description: 'Jobs of a test.',
    jobs: { work: WorkJobDto },
    concurrency: 2,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 20 },
    timeoutMs: 30_000,
  });
const [SICK, WELL] = [queueOf('sick'), queueOf('well')];
const completed = new Set<string>();

@Processor('sick')
class SickProcessor {
  @JobHandler('work')
  async work({ n }: WorkJobDto, { jobId, attempt }: JobContext): Promise<void> {
    await clockPasses(5);
    if (Number(n) % 4 === 0 && attempt === 1) throw new Error('once');
    if (Number(n) % 7 === 0) throw new Error('always');
    completed.add(jobId);
  }
}

@Processor('well')
class WellProcessor {
  @JobHandler('work')
  work(_: WorkJobDto, { jobId }: JobContext): void {
    completed.add(jobId);
  }
}

describe('A key of a queue under which something else stands', () => {
  let redis: TestRedis;
  let client: Redis;
  let apps: HostApps;
  let service: MessageQueueService;
  let queue: Queue;
  let prefix = '';
  let stages = 0;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
    process.on('unhandledRejection', note);
  });
  beforeEach(async () => {
    prefix = `keys-${(stages += 1)}`;
    completed.clear();
    apps = new HostApps();
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis', environment: 'test', prefix, board: { enabled: false } },
          redis: { url: `redis://127.0.0.1:${redis.port}` },
          lock: { durationMs: 1_000, stalledCheckMs: 200 },
        }),
        ...[SICK, WELL].map((definition) => MessageQueueModule.registerQueue(definition)),
      ],
      providers: [SickProcessor, WellProcessor],
    });
    service = app.get(MessageQueueService);
    queue = app.get<Queue>(getQueueToken('sick'), { strict: false });
  });
  afterEach(async () => {
    await apps.close();
    expect(unhandled).toEqual([]);
    expect(apps.logger.lines.length).toBeLessThan(60);
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    client.disconnect();
    await redis.stop();
  });

  it.each<[name: string, command: string, value: readonly string[]]>([
    ['wait', 'set', ['x']],
    ['active', 'set', ['x']],
    ['delayed', 'set', ['x']],
    ['failed', 'set', ['x']],
    ['completed', 'hset', ['a', 'b']],
    ['priority', 'set', ['x']],
    ['stalled', 'set', ['x']],
    ['id', 'rpush', ['x']],
    ['id', 'set', ['many']],
    ['mq:lanes', 'set', ['x']],
    ['mq:lane:1', 'set', ['x']],
    ['mq:waiting', 'set', ['many']],
    ['mq:ahead', 'set', ['x']],
    ['mq:dead', 'set', ['x']],
    ['repeat', 'set', ['x']],
  ])(
    '%s (%s): health says what to do, other queues work, and no job is lost',
    async (name, command, value) => {
      const key = `${prefix}:sick:${name}`;
      const ids: string[] = [];
      for (let n = 1; n <= 40; n++) {
        const priority = n % 5 === 0 ? JobPriority.CRITICAL : JobPriority.NORMAL;
        const delay = n % 6 === 0 ? 300 : 0;
        ids.push((await service.enqueue(SICK, 'work', { n }, { priority, delay })).id);
      }
      await waitUntil(() => completed.size > 5, 'some to run');
      // In one step, then and when it is put right: a worker may write there at any time.
      const change = client
        .multi()
        .rename(key, `${key}:saved`)
        .call(command, key, ...value);
      const [[missing]] = ((await change.exec()) ?? []) as [[Error | null], unknown];
      const before = missing === null;

      // Mended by itself where it only counts.
      const isMended = ['mq:waiting', 'mq:dead'].includes(name);
      if (!isMended) {
        const health = await service.getQueueHealth('sick');
        const reason = health.reasons.find(({ code }) => code === 'WRONG_KEY_TYPE');
        expect(reason?.message).toContain(`"${key}" holds a `);
        expect(reason?.message).toContain(`RENAME ${key} `);
        expect(health.status).toBe('unhealthy');
      }
      const refusal = await service.enqueue(SICK, 'work', { n: 1 }).then(
        ({ id }) => void ids.push(id),
        (error: unknown) => error,
      );
      if (refusal !== undefined) expect(refusal).toBeInstanceOf(MessageQueueError);
      const well = await service.enqueue(WELL, 'work', {});
      await waitUntil(() => completed.has(well.id), 'the other queue to work');
      expect((await service.getQueueHealth('well')).stats).not.toBeNull();
      await service.getQueueMetrics();
      await clockPasses(700);

      if (!isMended && before) await client.multi().del(key).rename(`${key}:saved`, key).exec();
      else if (!isMended) await client.del(key);
      // Those that completed while their list was something else are removed.
      const hasEnded = async (id: string): Promise<boolean> => {
        if (completed.has(id)) return true;
        return (await service.getJobStatus('sick', id)).state === 'failed';
      };
      await waitUntil(
        async () => (await Promise.all(ids.map(hasEnded))).every(Boolean),
        'all jobs to end',
        30_000,
      );
      await waitUntil(async () => (await queue.getActiveCount()) === 0, 'their ends to be stored');
    },
    60_000,
  );
});
