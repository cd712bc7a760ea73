import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import { IsString } from 'class-validator';
import {
  defineQueue,
  InvalidConfigurationError,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { KeyRing } from '../support/key-ring.js';

class LateJobDto {
  @IsString()
  text!: string;
}

const LATE = defineQueue({
  name: 'late',
  description: 'Jobs of a test.',
  jobs: { late: LateJobDto },
  concurrency: 1,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 30_000,
});

@Processor('late')
class LateProcessor {
  readonly runs: string[] = [];

  @JobHandler('late')
  late({ text }: LateJobDto): void {
    this.runs.push(text);
  }
}

const FORGETFUL = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'];

describe('a Redis that is away, or not fit, when the app starts', () => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;

  afterEach(async () => {
    await apps.close();
    await redis?.stop();
    apps.logger.lines.length = 0;
  });

  async function startWithout(
    settings: readonly string[],
    more: MessageQueueModuleOptions = {},
  ): Promise<INestApplication> {
    redis = await TestRedis.start(settings);
    await redis.kill();
    return start(redis, more);
  }
  function start(server: TestRedis, more: MessageQueueModuleOptions = {}): Promise<INestApplication> {
    return apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'redis',
          redis: { host: '127.0.0.1', port: server.port },
          ...{ environment: 'production', adapters: [{ provide: KeyProvider, useClass: KeyRing }] },
          acceptInMemory: true,
          ...more,
        }),
        MessageQueueModule.registerQueue(LATE),
      ],
      providers: [LateProcessor],
    });
  }
  const said = (text: RegExp): boolean => apps.logger.lines.some((line) => text.test(line));

  it('is looked at when it is back, and no work starts on one that is not fit in production', async () => {
    const app = await startWithout(FORGETFUL);
    const worker = app.get(MessageQueueWorker);
    expect(worker.isRunning).toBe(true);
    await redis?.spawn();
    await waitUntil(() => said(/No work is done here: .*not fit for queues/s), 'the refusal');
    expect(said(/allkeys-lru/)).toBe(true);
    await waitUntil(() => !worker.isRunning, 'the worker to give up');
    await app.get(MessageQueueService).enqueue(LATE, 'late', { text: 'a' }, { deadlineMs: 10_000 });
    await expect(worker.start()).rejects.toThrow('not fit for queues');
    expect(worker.isRunning).toBe(false);
    expect(app.get(LateProcessor).runs).toEqual([]);
  });

  it('keeps the app from starting in production when it is there and not fit, naming every setting', async () => {
    redis = await TestRedis.start(FORGETFUL);
    const starting = start(redis);
    await expect(starting).rejects.toThrow(InvalidConfigurationError);
    await expect(starting).rejects.toThrow(
      /production:[^]*CONFIG SET maxmemory-policy noeviction[^]*CONFIG SET appendonly yes/,
    );
  });

  it('is warned of outside of production, and worked on', async () => {
    const app = await startWithout(FORGETFUL, { environment: 'development' });
    await redis?.spawn();
    await app.get(MessageQueueService).enqueue(LATE, 'late', { text: 'a' }, { deadlineMs: 20_000 });
    await waitUntil(() => app.get(LateProcessor).runs.length === 1, 'the job');
    expect(said(/allkeys-lru/)).toBe(true);
  });

  it('gets one worker, however often it was stopped and started meanwhile', async () => {
    const app = await startWithout(['--appendonly', 'yes']);
    const worker = app.get(MessageQueueWorker);
    await worker.stop();
    const again = worker.start();
    await redis?.spawn();
    await again;
    await app.get(MessageQueueService).enqueue(LATE, 'late', { text: 'a' });
    await waitUntil(() => app.get(LateProcessor).runs.length === 1, 'the job');
    await worker.stop();
    expect(said(/No work is done here/)).toBe(false);
  });
});
