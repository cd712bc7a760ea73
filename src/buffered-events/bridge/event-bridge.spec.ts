import type { INestApplication } from '@nestjs/common';
import { HostApps } from '../../../test/support/host-app.js';
import { TestRedis } from '../../../test/support/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { BufferedEventBusService, BufferedEventsModule, EventListener, OnEvent } from '../index.js';
import type { BufferedEvent, BufferedEventConfig } from '../index.js';
import {
  BrokerUnavailableError,
  JobEvents,
  MessageQueueModule,
  MessageQueueService,
} from '../../message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../message-queue/index.js';
import { EVENT_QUEUE, EventBridgeModule, LeftoversLostError, leftoversTo } from './index.js';

/** What all handlers of a test have in common. */
class Log {
  readonly handled: number[] = [];
  readonly seen: BufferedEvent[] = [];
  /** Whether handlers finish. */
  isOpen = true;
}

@EventListener()
class NumberListener {
  constructor(private readonly log: Log) {}

  @OnEvent('number')
  async number(event: BufferedEvent): Promise<void> {
    if (!this.log.isOpen) await new Promise(() => undefined);
    this.log.seen.push(event);
    this.log.handled.push((event.payload as { n: number }).n);
  }

  @OnEvent('broken')
  broken(): void {
    throw Object.assign(new Error('no'), { code: 'BROKEN' });
  }
}

const EVENTS: Partial<BufferedEventConfig> = {
  workerCount: 0,
  retryAttempts: 0,
  reliabilityLimits: { gracefulShutdownTimeout: 100 },
};

function host(queue: MessageQueueModuleOptions, log: Log) {
  return {
    imports: [
      MessageQueueModule.forRoot({ environment: 'test', builtInQueues: false, ...queue }),
      EventBridgeModule,
      BufferedEventsModule.forRootAsync({
        inject: [MessageQueueService],
        useFactory: (service: MessageQueueService) => ({ ...EVENTS, onLeftover: leftoversTo(service) }),
      }),
    ],
    providers: [{ provide: Log, useValue: log }, NumberListener],
  };
}

describe('the bridge between events and queues', () => {
  const apps = new HostApps();
  afterEach(() => apps.close());

  const emitAll = async (app: INestApplication, count: number): Promise<void> => {
    const bus = app.get(BufferedEventBusService);
    for (let n = 0; n < count; n += 1) await bus.emitEvent('number', { n }, { correlationId: `c${n}` });
  };
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  it('keeps in Redis what a bus could not handle, and the next process handles it: emitted = handled', async () => {
    const redis = await TestRedis.start(['--appendonly', 'yes', '--maxmemory', '1gb']);
    try {
      const queue: MessageQueueModuleOptions = {
        provider: 'redis',
        redis: { host: '127.0.0.1', port: redis.port },
        prefix: 'bridge',
      };
      const [before, after] = [new Log(), new Log()];
      const first = await apps.start(host(queue, before));
      await emitAll(first, 20);
      await waitUntil(() => before.handled.length === 20, 'the first events');
      before.isOpen = false;
      const bus = first.get(BufferedEventBusService);
      for (let n = 20; n < 300; n += 1) await bus.emitEvent('number', { n }, { correlationId: `c${n}` });
      await apps.close();
      await apps.start(host(queue, after));
      await waitUntil(() => new Set([...before.handled, ...after.handled]).size === 300, 'the others');
      expect([...before.handled, ...after.handled].sort((a, b) => a - b)).toEqual(numbers(300));
      expect(
        after.seen.every(
          ({ correlationId, payload }) => correlationId === `c${(payload as { n: number }).n}`,
        ),
      ).toBe(true);
    } finally {
      await apps.close();
      await redis.stop();
    }
  });

  it('puts leftovers on a queue in memory once each, and the bus gets them from there', async () => {
    const log = new Log();
    const app = await apps.start(host({ provider: 'memory' }, log));
    const service = app.get(MessageQueueService);
    const leftovers = numbers(50).map((n) => ({
      id: `other-${n.toString(36)}`,
      type: 'number',
      payload: { n },
      priority: 'normal' as const,
      correlationId: `c${n}`,
      emittedAt: 1,
      attempts: 0,
    }));
    await Promise.all([leftoversTo(service)(leftovers), leftoversTo(service)(leftovers)]);
    await waitUntil(() => log.handled.length >= 50, 'all events');
    await waitUntil(
      async () => (await service.getJobStatus('buffered-events', 'other-1')).state === 'completed',
      'its job',
    );
    expect(log.handled.sort((a, b) => a - b)).toEqual(numbers(50));
  });

  it('completes a job when its event was handled, and hands neither it nor a leftover on twice when the bus stops before', async () => {
    const log = new Log();
    log.isOpen = false;
    const left: unknown[] = [];
    const app = await apps.start({
      ...host({ provider: 'memory', shutdownTimeoutMs: 50 }, log),
      imports: [
        MessageQueueModule.forRoot({ provider: 'memory', environment: 'test', builtInQueues: false }),
        EventBridgeModule,
        BufferedEventsModule.forRoot({ ...EVENTS, onLeftover: (events) => void left.push(...events) }),
      ],
    });
    const service = app.get(MessageQueueService);
    const job = {
      type: 'number',
      payload: { n: 1 },
      priority: 'normal' as const,
      correlationId: 'c',
      emittedAt: 1,
    };
    const { id } = await service.enqueue(EVENT_QUEUE, 'event', job);
    const bus = app.get(BufferedEventBusService);
    await waitUntil(() => bus.getMetrics().queueMetrics.size === 1, 'the event to be stored');
    expect((await service.getJobStatus('buffered-events', id)).state).toBe('active');
    await bus.shutdown();
    expect(left).toEqual([]);
    await waitUntil(
      async () => (await service.getJobStatus('buffered-events', id)).state === 'delayed',
      'the job to wait for another bus',
    );
  });

  it('fails a job whose event fails for good, or that nobody handles, and keeps no dead letter of the bus', async () => {
    const log = new Log();
    const app = await apps.start(
      host({ provider: 'memory', queues: { 'buffered-events': { attempts: 1 } } }, log),
    );
    const service = app.get(MessageQueueService);
    const errors: string[] = [];
    app.get(JobEvents).on('deadLettered', ({ error }) => void errors.push(error.message));
    const job = { payload: null, priority: 'low' as const, correlationId: 'c', emittedAt: 1 };
    await service.enqueue(EVENT_QUEUE, 'event', { ...job, type: 'broken' });
    await waitUntil(() => errors.length === 1, 'the first dead letter');
    await service.enqueue(EVENT_QUEUE, 'event', { ...job, type: 'nobody' });
    await waitUntil(() => errors.length === 2, 'the second dead letter');
    expect(errors).toEqual(['no', 'Nobody handles events of type "nobody".']);
    expect(app.get(BufferedEventBusService).getDeadLetterQueue()).toEqual([]);
  });

  it('says how many leftovers were lost, and why', async () => {
    const error = new BrokerUnavailableError('Redis is away.');
    const place = { queue: 'buffered-events', name: 'event' };
    const queue = {
      enqueueMany: () =>
        Promise.resolve([
          { ...place, outcome: 'added' as const, id: 'a' },
          { ...place, outcome: 'rejected' as const, error },
          { ...place, outcome: 'rejected' as const, error },
        ]),
    };
    const lost = await leftoversTo(queue)([]).catch((thrown: unknown) => thrown);
    expect(lost).toBeInstanceOf(LeftoversLostError);
    expect(lost).toMatchObject({ kept: 1, lost: 2 });
    expect((lost as Error).message).toContain('(BROKER_UNAVAILABLE 2)');
  });
});
