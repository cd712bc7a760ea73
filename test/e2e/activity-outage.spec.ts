import { Processor } from '@nestjs/bull';
import { IsInt } from 'class-validator';
import type { ActivityBatch } from '../../src/message-queue/broker/activity-store.js';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import {
  BrokerUnavailableError,
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';

class RunDto {
  @IsInt() n!: number;
}

const RUNS = defineQueue({
  name: 'runs',
  description: 'Some of its jobs run while Redis is away.',
  jobs: { quick: RunDto, held: RunDto },
  concurrency: 8,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 60_000,
});

const FLUSH_MS = 250;
const AWAY_MS = 3_500;
const HELD = 5;
/** A flush waits two seconds for Redis: what waited for one would take longer. */
const SOON_MS = 1_900;

@Processor(RUNS.name)
class RunsProcessor {
  readonly startedAt = new Map<number, number>();
  open: () => void = () => undefined;
  gate = Promise.resolve();
  ended = 0;

  shut(): void {
    this.gate = new Promise((resolve) => (this.open = resolve));
  }

  @JobHandler(RUNS, 'quick')
  quick({ n }: RunDto): void {
    this.startedAt.set(n, performance.now());
  }

  @JobHandler(RUNS, 'held')
  async held({ n }: RunDto): Promise<void> {
    this.startedAt.set(n, performance.now());
    await this.gate;
    this.ended += 1;
  }
}

describe('what a process counts while Redis is away', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let proxy: TcpProxy;
  let service: MessageQueueService;
  let processor: RunsProcessor;
  let batches: ActivityBatch[];
  let numbers = 0;

  beforeAll(async () => {
    redis = await TestRedis.start();
    proxy = await TcpProxy.start(redis.port);
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis' as const, redis: { host: '127.0.0.1', port: proxy.port } },
          ...{ builtInQueues: false as const, environment: 'test', enqueueTimeoutMs: 500 },
          operations: { activity: { flushMs: FLUSH_MS } },
        }),
        MessageQueueModule.registerQueue(RUNS),
      ],
      providers: [RunsProcessor],
    });
    service = app.get(MessageQueueService);
    processor = app.get(RunsProcessor);
    const { activity } = app.get(ManagedQueues, { strict: false }).get(RUNS.name).broker;
    const flush = activity.flush.bind(activity);
    jest.spyOn(activity, 'flush').mockImplementation((batch) => {
      batches.push(batch);
      return flush(batch);
    });
  });
  beforeEach(() => {
    batches = [];
    processor.ended = 0;
  });
  afterEach(() => {
    // Whatever failed while it was away: the next attempt finds it there.
    proxy.heal();
    redis.signal('SIGCONT');
  });
  afterAll(async () => {
    await apps.close();
    await proxy.stop();
    await redis.stop();
  });

  const add = async (job: 'quick' | 'held'): Promise<number> => {
    numbers += 1;
    await service.enqueue(RUNS, job, { n: numbers });
    return numbers;
  };
  const started = (n: number): Promise<number> =>
    waitUntil(() => processor.startedAt.get(n), `the handler of job ${n}`);
  /** Who asks just when Redis comes back may still hear that it is away. */
  const answered = <T extends object>(ask: () => Promise<T>): Promise<T> => {
    const unlessAway = (error: unknown): null => {
      if (error instanceof BrokerUnavailableError) return null;
      throw error;
    };
    return waitUntil(() => ask().catch(unlessAway), 'Redis to answer');
  };
  const summary = async () => {
    const stats = await answered(() => service.getQueueStats(RUNS.name));
    const { completedMessages, totalMessages } = stats;
    return { completedMessages, totalMessages };
  };
  const added = async (): Promise<number> => {
    const { points } = await answered(() => service.getQueueHistory(RUNS.name, { hours: 1 }));
    return points.reduce((sum, point) => sum + point.added, 0);
  };

  it.each([
    ['refuses', () => proxy.refuse(), () => proxy.heal()],
    ['is silent', () => redis.signal('SIGSTOP'), () => redis.signal('SIGCONT')],
  ] as const)(
    'is one batch, holds up no job, and is complete after, when it %s',
    async (_how, leave, back) => {
      const before = { ...(await summary()), added: await added() };
      processor.shut();
      const held = [];
      for (let i = 0; i < HELD; i++) held.push(await add('held'));
      for (const n of held) await started(n);
      await waitUntil(() => batches.some(({ series }) => series.length > 0), 'the adds to be told');

      leave();
      const [awayAt, told] = [performance.now(), batches.length];
      // Handlers come to their end meanwhile, and what adds find is counted too.
      processor.open();
      await waitUntil(() => processor.ended === HELD, 'all handlers to end', SOON_MS);
      const refusal = await service.enqueue(RUNS, 'quick', { n: 0 }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: expect.stringMatching(/^(BROKER_UNAVAILABLE|ENQUEUE_TIMEOUT)$/),
      });
      let [seenAt, longestMs] = [performance.now(), 0];
      await waitUntil(() => {
        const now = performance.now();
        [seenAt, longestMs] = [now, Math.max(longestMs, now - seenAt)];
        return now - awayAt > AWAY_MS && batches.length > told;
      }, 'the outage to last');
      expect(longestMs).toBeLessThan(SOON_MS);
      const meanwhile = batches.slice(told);
      expect(meanwhile.length).toBeGreaterThan(0);
      expect(new Set(meanwhile.map(({ seq }) => seq)).size).toBe(1);
      expect(new Set(meanwhile).size).toBe(1);
      const lastSeq = meanwhile[0]?.seq ?? 0;

      back();
      const later = await waitUntil(() => add('quick').catch(() => null), 'Redis to take jobs');
      const addedAt = performance.now();
      expect((await started(later)) - addedAt).toBeLessThan(SOON_MS);
      for (let i = 1; i < 20; i++) await add('quick');

      await waitUntil(async () => {
        const { completedMessages, totalMessages } = await summary();
        return completedMessages === totalMessages;
      }, 'all jobs to be done');
      const sent = batches.filter(({ seq }) => seq > lastSeq);
      // All that came while it was away went with the next one.
      expect(Math.min(...sent.map(({ seq }) => seq))).toBe(lastSeq + 1);
      for (const { series } of batches) expect(series.length).toBeLessThanOrEqual(2);
      const unknown = (refusal as { code?: string }).code === 'ENQUEUE_TIMEOUT' ? 1 : 0;
      const { completedMessages } = await summary();
      // An add whose outcome nobody knows may be there, and counts for none.
      expect(completedMessages - before.completedMessages).toBeGreaterThanOrEqual(HELD + 20);
      expect(completedMessages - before.completedMessages).toBeLessThanOrEqual(HELD + 20 + unknown);
      expect((await added()) - before.added).toBe(HELD + 20);
    },
  );
});
