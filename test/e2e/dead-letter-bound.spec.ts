import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import { IsInt } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { ProviderName } from '../../src/message-queue/index.js';
import { RetentionSweeper } from '../../src/message-queue/dead-letter/retention-sweeper.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const JOBS = 4_000;
/** One job in so many fails for good. */
const POISON = 20;
const KEPT = 50;

class CountedJobDto {
  @IsInt()
  n!: number;
}

const COUNTED = defineQueue({
  name: 'counted',
  description: 'Jobs of a test.',
  jobs: { counted: CountedJobDto },
  concurrency: 50,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 30_000,
  retention: { failedCount: KEPT },
});

@Processor('counted')
class CountingProcessor {
  @JobHandler('counted')
  counted({ n }: CountedJobDto): void {
    if (n % POISON === 0) throw new Error(`no route to host ${n}`);
  }
}

describe.each<ProviderName>(['redis', 'memory'])('5 %% poison on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | null = null;
  let app: INestApplication;
  let service: MessageQueueService;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, environment: 'test', prefix: 'poison', board: { enabled: false } },
          ...(redis && { redis: { url: `redis://127.0.0.1:${redis.port}` } }),
        }),
        MessageQueueModule.registerQueue(COUNTED),
      ],
      providers: [CountingProcessor],
    });
    service = app.get(MessageQueueService);
  });
  afterAll(async () => {
    await apps.close();
    await redis?.stop();
  });

  it('keeps the newest dead letters and no more, and says so', async () => {
    let most = 0;
    const sweeper = app.get(RetentionSweeper, { strict: false });
    // It tells what was dropped by then, once a minute: in the middle of the test that is less.
    await sweeper.stop();
    const payloads = Array.from({ length: JOBS }, (_, n) => ({ payload: { n } }));
    const adding = service.enqueueMany(COUNTED, 'counted', payloads);
    const finished = async (): Promise<boolean> => {
      const { stats } = await service.getQueueHealth('counted');
      if (stats === null) return false;
      most = Math.max(most, stats.failed);
      return stats.failed + stats.failedDropped === JOBS / POISON;
    };
    await adding;
    await waitUntil(finished, 'the poison to be dead');
    expect(most).toBeLessThanOrEqual(KEPT);

    const letters = await service.getFailedJobs('counted', 100);
    expect(letters).toHaveLength(KEPT);
    const health = await service.getQueueHealth('counted');
    expect(health).toMatchObject({ stats: { failed: KEPT, failedDropped: 150 } });
    const dropped = health.reasons.find(({ code }) => code === 'DEAD_LETTERS_DROPPED');
    expect(dropped?.message).toContain(
      `drops its oldest dead letters, 150 so far: it keeps at most ${KEPT} of them`,
    );

    await sweeper.sweep();
    await sweeper.sweep();
    const said = apps.logger.lines.filter((line) => line.includes('oldest dead letters'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(
      `Queue "counted" dropped its 150 oldest dead letters: it keeps at most ${KEPT}`,
    );
  }, 60_000);

  it('writes one line per kind of failure and interval, and how many there were', async () => {
    const linesOf = (outcome: string): string[] =>
      apps.logger.lines.filter((line) => line.startsWith(`${outcome} `) || line.startsWith(`${outcome},`));
    expect(linesOf('Failed')).toEqual([
      expect.stringMatching(
        /^Failed, runs again in 1 ms: Error: no route to host \d+ \{queue=counted job=counted id=/,
      ),
    ]);
    expect(linesOf('Dead letter')).toEqual([
      expect.stringMatching(/^Dead letter after Error: no route to host \d+ \{queue=counted .*attempt=2\/2/),
    ]);
    await apps.close();
    for (const outcome of ['Failed', 'Dead letter']) {
      const sum = new RegExp(
        `^${outcome} 199 more times in \\d+ s, this job the last of them: Error: no route to host \\d+ \\{`,
      );
      expect(linesOf(outcome).slice(1)).toEqual([expect.stringMatching(sum)]);
    }
  });
});
