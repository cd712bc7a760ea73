// What must compile and what must not, for a host that declares no events of its own: any type, any payload. Nothing here runs: `npm run
// types` is the test. A line under `@ts-expect-error` that compiles is an error. With an `EventMap`: buffered-events-map.spec.ts.
import {
  bootstrapEventSystem,
  BufferedEventsModule,
  defaultBufferedEventConfig,
  EventListener,
  OnEvent,
} from '../../src/buffered-events/index.js';
import type {
  BufferedEventBusService,
  BufferedEventConfig,
  EventContext,
  IEvent,
} from '../../src/buffered-events/index.js';

/** The seed's event, as it stands there. */
export class UserRegisteredEvent implements IEvent {
  readonly type = 'user.registered';

  constructor(
    public readonly userId: string,
    public readonly email: string,
    public readonly timestamp: number = Date.now(),
    public correlationId?: string,
  ) {}

  get payload() {
    return { userId: this.userId, email: this.email, timestamp: this.timestamp };
  }
}

/** Its handlers take instances of the class. */
@EventListener()
export class UserEventHandler {
  @OnEvent('user.registered')
  async handleUserRegistered(event: UserRegisteredEvent): Promise<string> {
    return `${event.email}${event.payload.userId}`;
  }

  @OnEvent(['user.renamed', 'user.moved'], { where: 'main' })
  changed(event: { payload: { id: string } }, context: EventContext): void {
    context.signal.addEventListener('abort', () => event.payload.id);
  }

  @OnEvent('user.left') left(): void {}

  // @ts-expect-error a context is no number
  @OnEvent('user.seen') seen(_event: object, _context: number): void {}

  // @ts-expect-error there is no such place
  @OnEvent('user.seen', { where: 'worker' }) seenThere(): void {}
}

/** Its configurations: whole, further, and by environment. */
const config: BufferedEventConfig = {
  enabled: true,
  workerCount: 4,
  maxQueueSize: 10000,
  maxMemoryMB: 50,
  maxEventSize: 5120,
  retryAttempts: 3,
  retryDelays: [1000, 2000, 4000],
  fallbackToSync: true,
  priorities: { critical: 3, normal: 2, low: 1 },
  monitoring: { enabled: true, metricsInterval: 1000, healthMonitoring: true, healthCheckInterval: 5000 },
};

const advancedConfig: BufferedEventConfig = {
  ...config,
  memoryLimits: { maxQueueSize: 10000, maxEventSize: 5120, totalMemoryMB: 50, workerHeapMB: 100 },
  performanceLimits: {
    maxInputRate: 1000,
    targetProcessingRate: 500,
    maxMainThreadImpact: 5,
    maxQueueLatency: 100,
  },
  reliabilityLimits: {
    maxRetryAttempts: 3,
    workerRestartDelay: 1000,
    healthCheckInterval: 5000,
    gracefulShutdownTimeout: 10000,
  },
};

const devConfig = {
  workerCount: 2,
  maxQueueSize: 1000,
  monitoring: { enabled: true, metricsInterval: 5000 },
};
const prodConfig = {
  workerCount: 8,
  maxQueueSize: 50000,
  monitoring: { enabled: true, metricsInterval: 1000 },
};
const retryConfig = { retryAttempts: 3, retryDelays: [1000, 2000, 4000] };

export function registrations(): unknown[] {
  const module = new URL('file:///app/user-events.module.js');
  return [
    BufferedEventsModule.forRoot(advancedConfig),
    BufferedEventsModule.forRoot(devConfig),
    BufferedEventsModule.forRoot({ ...prodConfig, ...retryConfig, threads: { module } }),
    BufferedEventsModule.forRootAsync({
      inject: ['CONFIG'],
      useFactory: async (given: BufferedEventConfig) => given,
    }),
    bootstrapEventSystem([], {
      useBufferedProcessing: true,
      bufferedEventConfig: {
        ...defaultBufferedEventConfig,
        enabled: true,
        workerCount: 4,
        maxQueueSize: 10000,
      },
    }),
    bootstrapEventSystem([UserEventHandler], { bufferedEventConfig: defaultBufferedEventConfig }),
    // @ts-expect-error there is no such option
    BufferedEventsModule.forRoot({ workers: 2 }),
    // @ts-expect-error a weight is a number
    BufferedEventsModule.forRoot({ priorities: { critical: 'high' } }),
    // @ts-expect-error what puts the module together stands beside the factory
    BufferedEventsModule.forRootAsync({ useFactory: () => ({ isGlobal: false }) }),
  ];
}

/** Every call of the seed, with the fields that it reads. */
export async function calls(bufferedEventBus: BufferedEventBusService): Promise<unknown[]> {
  const read: unknown[] = [];
  const id: string = await bufferedEventBus.emitEvent(
    'system.alert',
    { message: 'Critical system error' },
    { priority: 'critical', correlationId: 'c' },
  );
  await bufferedEventBus.emit(new UserRegisteredEvent('1', 'a@b.c'));
  bufferedEventBus.registerHandler('user.registered', {
    handle: async (event) => Object.keys(event as object),
  });
  const { queueMetrics, retryStats } = bufferedEventBus.getMetrics();
  const { size, utilization, memoryUsage, totalProcessed, averageProcessingTime } = queueMetrics;
  const { totalRetries, deadLetterQueueSize, successRate } = retryStats;
  const { status, activeWorkers, queueDepth, processingRate, alerts } =
    await bufferedEventBus.getHealthStatus();
  const { totalWorkers, idleWorkers, totalEventsProcessed } = bufferedEventBus.getWorkerStatistics();
  const dlq = bufferedEventBus
    .getDeadLetterQueue()
    .map(({ event, attempts, lastError, timestamp }) => ({ event, attempts, lastError, timestamp }));
  read.push(id, size, utilization, memoryUsage, totalProcessed, averageProcessingTime, totalRetries, dlq);
  read.push(deadLetterQueueSize, successRate, status, activeWorkers, queueDepth, processingRate, alerts);
  read.push(totalWorkers, idleWorkers, totalEventsProcessed);
  await bufferedEventBus.scaleWorkers(8);
  await bufferedEventBus.replayDeadLetters(({ event }) => event.type === 'user.registered');
  await bufferedEventBus.discardDeadLetters();
  await bufferedEventBus.initialize();
  await bufferedEventBus.shutdown();
  // @ts-expect-error there is no such priority
  await bufferedEventBus.emitEvent('a', {}, { priority: 'high' });
  // @ts-expect-error a handler has a method handle
  bufferedEventBus.registerHandler('a', { run: () => undefined });
  // @ts-expect-error an event has a type
  await bufferedEventBus.emit({ payload: {} });
  return read;
}
