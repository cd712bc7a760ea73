import { Global, Injectable, Module } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { Broker } from '../../src/message-queue/broker/broker.js';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import {
  HandlerRegistrationError,
  MessageQueueWorker,
  ShutdownError,
} from '../../src/message-queue/operations/index.js';
import type { JobContext, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps, hostModule } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class WorkJobDto {
  @IsString()
  id!: string;
}

const WORK = defineQueue({
  name: 'work',
  description: 'Work of a test.',
  jobs: { work: WorkJobDto },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 60_000,
});

/** What happened, across the apps of one test. */
class Story {
  readonly lines: string[] = [];
  release: () => void = () => undefined;
  released = new Promise<void>((resolve) => (this.release = resolve));
  reasons: unknown[] = [];
  attempts: number[] = [];
}

let story = new Story();

/** A host's database, which closes where hosts close theirs. */
@Injectable()
class Database implements OnModuleDestroy {
  isOpen = true;

  onModuleDestroy(): void {
    this.isOpen = false;
    story.lines.push('database closed');
  }
}

@Processor('work')
class WorkProcessor implements OnApplicationBootstrap {
  constructor(private readonly database: Database) {}

  async onApplicationBootstrap(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    story.lines.push('host ready');
  }

  @JobHandler('work')
  async work({ id }: WorkJobDto, context: JobContext): Promise<boolean> {
    story.lines.push(`start ${id}`);
    story.attempts.push(context.attempt);
    const aborted = new Promise<void>((_resolve, reject) => {
      context.signal.addEventListener('abort', () => {
        story.reasons.push(context.signal.reason);
        reject(context.signal.reason as Error);
      });
    });
    await Promise.race([story.released, aborted]);
    story.lines.push(`end ${id} with ${this.database.isOpen ? 'an open' : 'a closed'} database`);
    return this.database.isOpen;
  }
}

describe.each(['memory', 'redis'] as const)('the life of a %s app', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let probe: Redis | undefined;
  let prefixes = 0;
  let options: MessageQueueModuleOptions;

  beforeAll(async () => {
    if (provider !== 'redis') return;
    redis = await TestRedis.start();
    probe = new Redis(redis.port, '127.0.0.1');
  });

  beforeEach(() => {
    story = new Story();
    options = {
      provider,
      prefix: `life-${(prefixes += 1)}`,
      ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
    };
  });

  afterEach(async () => {
    story.release();
    await apps.close();
    apps.logger.lines.length = 0;
  });

  afterAll(async () => {
    probe?.disconnect();
    await redis?.stop();
  });

  const register = (more: MessageQueueModuleOptions = {}) =>
    MessageQueueModule.forRoot({ ...options, ...more });
  const host = { imports: [MessageQueueModule.registerQueue(WORK)], providers: [Database, WorkProcessor] };

  it('is ready once the whole app has started, and no more once it stops, while its jobs still end', async () => {
    const seen: boolean[] = [];
    @Injectable()
    class Probe implements OnApplicationBootstrap {
      constructor(private readonly service: MessageQueueService) {}

      onApplicationBootstrap(): void {
        seen.push(this.service.isReady);
      }
    }
    const app = await apps.start({
      imports: [register(), ...host.imports],
      providers: [...host.providers, Probe],
    });
    const service = app.get(MessageQueueService);
    await service.enqueue(WORK, 'work', { id: 'a' });
    await waitUntil(() => story.lines.includes('start a'), 'the job');
    seen.push(service.isReady);
    const closed = app.close();
    await waitUntil(() => !service.isReady, 'readiness to go');
    expect(seen).toEqual([false, true]);
    expect(story.lines).not.toContain('end a with an open database');
    story.release();
    await closed;
    expect(story.lines).toContain('end a with an open database');
    expect(service.isReady).toBe(false);
  });

  it('runs no job before the whole app is ready', async () => {
    @Injectable()
    class EarlyBird implements OnModuleInit {
      constructor(private readonly service: MessageQueueService) {}

      async onModuleInit(): Promise<void> {
        await this.service.enqueue(WORK, 'work', { id: 'a' });
        story.lines.push('added');
      }
    }
    const app = await apps.start({
      imports: [register(), ...host.imports],
      providers: [...host.providers, EarlyBird],
    });
    await waitUntil(() => story.lines.includes('start a'), 'the job');
    expect(story.lines).toEqual(['added', 'host ready', 'start a']);
    expect(app.get(MessageQueueWorker).isRunning).toBe(true);
  });

  describe('shutdown lets active jobs finish before the host closes what they use', () => {
    @Module({ providers: [Database], exports: [Database] })
    class DatabaseModule {}
    @Global()
    @Module({ providers: [Database], exports: [Database] })
    class GlobalDatabaseModule {}

    it.each([
      ['of the root module', () => ({ imports: host.imports, providers: host.providers })],
      [
        'of a module that the root imports',
        () => ({
          imports: [
            hostModule('WorkModule', {
              imports: [...host.imports, DatabaseModule],
              providers: [WorkProcessor],
            }),
          ],
        }),
      ],
      [
        'of a global module',
        () => ({
          imports: [GlobalDatabaseModule, hostModule('WorkModule', { ...host, providers: [WorkProcessor] })],
        }),
      ],
    ])('%s', async (_where, metadata) => {
      const { imports, ...rest } = metadata();
      const app = await apps.start({ imports: [register(), ...imports], ...rest });
      await app.get(MessageQueueService).enqueue(WORK, 'work', { id: 'a' });
      await waitUntil(() => story.lines.includes('start a'), 'the job');
      const closed = app.close();
      setTimeout(() => story.release(), 50);
      await closed;
      expect(story.lines.slice(-2)).toEqual(['end a with an open database', 'database closed']);
    });

    it('also when only its importers see the module', async () => {
      const app = await apps.start({
        imports: [register({ isGlobal: false }), ...host.imports],
        providers: host.providers,
      });
      await app.get(MessageQueueService).enqueue(WORK, 'work', { id: 'a' });
      await waitUntil(() => story.lines.includes('start a'), 'the job');
      const closed = app.close();
      setTimeout(() => story.release(), 50);
      await closed;
      expect(story.lines.slice(-2)).toEqual(['end a with an open database', 'database closed']);
    });
  });

  it('aborts and hands back what is not done in time, without spending an attempt', async () => {
    const app = await apps.start({
      imports: [register({ shutdownTimeoutMs: 100 }), ...host.imports],
      providers: host.providers,
    });
    const service = app.get(MessageQueueService);
    const { id } = await service.enqueue(WORK, 'work', { id: 'a' });
    await waitUntil(() => story.lines.includes('start a'), 'the job');
    const report = await app.get(MessageQueueWorker).stop();
    expect(report).toEqual({ aborted: 1, stuck: [] });
    expect(story.reasons[0]).toBeInstanceOf(ShutdownError);
    expect(await service.getJobStatus('work', id)).toMatchObject({ state: 'waiting', attempts: { made: 0 } });

    story.release();
    await app.get(MessageQueueWorker).start();
    await waitUntil(
      async () => (await service.getJobStatus('work', id)).state === 'completed',
      'the second run',
    );
    expect(story.attempts).toEqual([1, 1]);
  });

  it('stops without waiting when told to', async () => {
    const app = await apps.start({ imports: [register(), ...host.imports], providers: host.providers });
    await app.get(MessageQueueService).enqueue(WORK, 'work', { id: 'a' });
    await waitUntil(() => story.lines.includes('start a'), 'the job');
    const report = await app.get(MessageQueueWorker).stop({ drain: false });
    expect(report).toEqual({ aborted: 1, stuck: [] });
    expect(app.get(MessageQueueWorker).isRunning).toBe(false);
  });

  it('names a job whose handler ignores the abort', async () => {
    @Processor('work')
    class DeafProcessor {
      @JobHandler('work')
      async work({ id }: WorkJobDto): Promise<void> {
        story.lines.push(`start ${id}`);
        await story.released;
      }
    }
    const app = await apps.start({
      imports: [register({ abortGraceMs: 50 }), ...host.imports],
      providers: [DeafProcessor],
    });
    const { id } = await app.get(MessageQueueService).enqueue(WORK, 'work', { id: 'a' });
    await waitUntil(() => story.lines.includes('start a'), 'the job');
    const report = await app.get(MessageQueueWorker).stop({ timeoutMs: 20 });
    expect(report).toEqual({ aborted: 0, stuck: [{ queue: 'work', jobId: id }] });
    expect(apps.logger.lines.some((line) => line.includes(`work/${id}`))).toBe(true);
  });

  it('never runs jobs in a producer', async () => {
    const app = await apps.start({
      imports: [register({ role: 'producer' }), MessageQueueModule.registerQueue(WORK)],
    });
    const service = app.get(MessageQueueService);
    const { id } = await service.enqueue(WORK, 'work', { id: 'a' });
    await app.get(MessageQueueWorker).start();
    expect(app.get(MessageQueueWorker).isRunning).toBe(false);
    expect((await service.getJobStatus('work', id)).state).toBe('waiting');
  });

  it('may start and stop again and again', async () => {
    const app = await apps.start({ imports: [register(), ...host.imports], providers: host.providers });
    story.release();
    const worker = app.get(MessageQueueWorker);
    const service = app.get(MessageQueueService);
    for (let round = 0; round < 3; round += 1) {
      await worker.stop();
      await Promise.all([worker.start(), worker.start()]);
      const { id } = await service.enqueue(WORK, 'work', { id: `r${round}` });
      await waitUntil(
        async () => (await service.getJobStatus('work', id)).state === 'completed',
        `round ${round}`,
      );
    }
    expect(story.attempts).toEqual([1, 1, 1]);
  });

  it('closes the broker after everything else, so that the last hooks may still add jobs', async () => {
    let receipt: unknown;
    @Injectable()
    class LastWords {
      constructor(private readonly service: MessageQueueService) {}

      async beforeApplicationShutdown(): Promise<void> {
        receipt ??= await this.service.enqueue(WORK, 'work', { id: 'last' });
      }
    }
    const app = await apps.start({
      imports: [register(), ...host.imports],
      providers: [...host.providers, LastWords],
    });
    await app.close();
    expect(receipt).toMatchObject({ queue: 'work', deduplicated: false });
  });

  it('leaves nothing open, whether the start fails or the app closes', async () => {
    if (probe === undefined) return;
    const connections = connectionsOf(probe);
    const before = await connections();
    const failing = apps.start({ imports: [register(), MessageQueueModule.registerQueue(WORK)] });
    await expect(failing).rejects.toThrow(HandlerRegistrationError);
    await waitUntil(
      async () => (await connections()) === before,
      'the connections of the failed start to close',
    );

    const app = await apps.start({ imports: [register(), ...host.imports], providers: host.providers });
    await waitUntil(async () => (await connections()) - before > 2, 'the connections to open');
    await app.close();
    await waitUntil(async () => (await connections()) === before, 'the connections to close');
  });

  it('opens a blocking connection per queue that it works on, and none in a producer', async () => {
    if (probe === undefined) return;
    const connections = connectionsOf(probe);
    const before = await connections();
    const producer = await apps.start({ imports: [register({ role: 'producer' })] });
    await producer.get(MessageQueueService).getQueueMetrics();
    const ofProducer = (await connections()) - before;
    expect(ofProducer).toBeLessThanOrEqual(2);
    await producer.close();
    await waitUntil(async () => (await connections()) === before, 'the connections to close');
    await apps.start({ imports: [register()] });
    expect(await connections()).toBeLessThanOrEqual(before + 2 + Object.keys(QueueName).length);
  });
});

function connectionsOf(probe: Redis): () => Promise<number> {
  return async () =>
    String(await probe.client('LIST'))
      .trim()
      .split('\n').length;
}

describe('without a Redis to reach', () => {
  const apps = new HostApps();

  afterEach(() => apps.close());

  it('an app that is told to stop in the middle of its start begins no work and never becomes ready', async () => {
    const module = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({ redis: { host: '127.0.0.1', port: 1 } }),
        MessageQueueModule.registerQueue(WORK),
      ],
      providers: [Database, WorkProcessor],
    })
      .setLogger(apps.logger)
      .compile();
    const app = module.createNestApplication({ logger: apps.logger });
    const starting = app.init();
    await new Promise(setImmediate);
    await app.close();
    await starting;
    expect(app.get(MessageQueueWorker).isRunning).toBe(false);
    expect(app.get(MessageQueueService).isReady).toBe(false);
  });

  it('the app starts, adds reject in time, and it closes', async () => {
    const app = await apps.start({
      imports: [MessageQueueModule.forRoot({ redis: { host: '127.0.0.1', port: 1 }, enqueueTimeoutMs: 300 })],
    });
    const added = app.get(MessageQueueService).addDeliveryConfirmationJob({
      messageId: 'm1',
      recipientId: 'r1',
      status: 'read',
      createdAt: new Date(),
    });
    await expect(added).rejects.toMatchObject({
      code: expect.stringMatching(/ENQUEUE_TIMEOUT|BROKER_UNAVAILABLE/),
    });
    await app.close();
    expect(app.get(Broker).provider).toBe('redis');
  });
});
