import type { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { INestApplication } from '@nestjs/common';
import { Processor } from '@nestjs/bull';
import { IsInt } from 'class-validator';
import { Redis } from 'ioredis';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import {
  defineQueue,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const JOBS = 50_000;
const ROUND = 5_000;
/** What seven rounds may add to the heap, bytes: the smallest object that is kept takes 40 per job. */
const HEAP_TOLERANCE = 25 * 7 * ROUND;

class NothingJobDto {
  @IsInt()
  number!: number;
}

const QUEUE = defineQueue({
  name: 'endurance',
  description: 'Does nothing, often.',
  jobs: { nothing: NothingJobDto },
  concurrency: 100,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000 },
  timeoutMs: 30_000,
  retention: { completedCount: 100 },
});

@Processor('endurance')
class NothingProcessor {
  runs = 0;

  @JobHandler('nothing')
  async nothing(): Promise<void> {
    this.runs += 1;
  }
}

/** What must be as it was. */
interface Held {
  /** Of the process: sockets, timers and whatever else would keep it alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Listeners of clients, their sockets, the queue, the events and the process. */
  readonly listeners: Readonly<Record<string, number>>;
  /** Clients as the server counts them. */
  readonly connections: number;
}

function collectGarbage(): void {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
}

const listenersOf = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

/** An ioredis client is none by its prototype. */
function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && 'eventNames' in value && 'listenerCount' in value;
}

/** Emitters that an object holds, in its fields and in lists and sets of its fields. */
function emittersIn(holder: object): EventEmitter[] {
  return Object.values(holder)
    .flatMap((value: unknown) =>
      value instanceof Set || value instanceof Map || Array.isArray(value) ? [...value.values()] : [value],
    )
    .filter(isEmitter);
}

function listenersBy(app: INestApplication): Record<string, number> {
  const { queue, broker } = app.get(ManagedQueues).get(QUEUE.name);
  const connections = (broker as unknown as { connections?: object }).connections ?? {};
  const clients = emittersIn(connections);
  const sockets = clients.flatMap((client) => emittersIn(client));
  const events = Reflect.get(app.get(JobEvents), 'listeners') as Map<string, Set<unknown>>;
  const sum = (emitters: readonly EventEmitter[]): number =>
    emitters.reduce((total, emitter) => total + listenersOf(emitter), 0);
  return {
    ...{
      queue: listenersOf(queue),
      clients: sum(clients),
      sockets: sum(sockets),
      process: listenersOf(process),
    },
    events: [...events.values()].reduce((total, { size }) => total + size, 0),
  };
}

function resourcesByKind(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function isNoMore(now: Held, before: Held): boolean {
  const isWithin = (
    some: Readonly<Record<string, number>>,
    most: Readonly<Record<string, number>>,
  ): boolean => Object.entries(some).every(([kind, count]) => count <= (most[kind] ?? 0));
  return (
    isWithin(now.resources, before.resources) &&
    isWithin(now.listeners, before.listeners) &&
    now.connections <= before.connections
  );
}

describe.each(['memory', 'redis'] as const)(`${JOBS} jobs on the %s provider`, (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let client: Redis | undefined;
  let app: INestApplication;

  beforeAll(async () => {
    if (provider === 'redis') {
      redis = await TestRedis.start();
      client = new Redis(redis.url);
    }
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({ provider, ...(redis && { redis: { url: redis.url } }) }),
        MessageQueueModule.registerQueue(QUEUE),
      ],
      providers: [NothingProcessor],
    });
  });

  afterAll(async () => {
    await apps.close();
    client?.disconnect();
    await redis?.stop();
  });

  async function held(): Promise<Held> {
    const list: unknown = await client?.client('LIST');
    return {
      resources: resourcesByKind(),
      listeners: listenersBy(app),
      connections: typeof list === 'string' ? list.trim().split('\n').length : 0,
    };
  }

  async function round(): Promise<void> {
    const service = app.get(MessageQueueService);
    const processor = app.get(NothingProcessor);
    const target = processor.runs + ROUND;
    const jobs = Array.from({ length: ROUND }, (_, number) => ({ payload: { number } }));
    const receipts = await service.enqueueMany(QUEUE, 'nothing', jobs);
    expect(receipts.filter(({ outcome }) => outcome !== 'added')).toEqual([]);
    await waitUntil(() => processor.runs >= target, `${target} runs`, 60_000);
    await waitUntil(async () => {
      const counts = await app.get(ManagedQueues).get(QUEUE.name).queue.getJobCounts();
      return counts.waiting + counts.active === 0;
    }, 'the last job to be settled');
  }

  it('leaves no connection, listener or timer behind, and a flat heap', async () => {
    const startedAt = Date.now();
    const processor = app.get(NothingProcessor);
    const runsBefore = processor.runs;
    // What the first rounds make once and keep: compiled code, statistics, free slots.
    await round();
    await round();
    // An Immediate is there for a moment only: a `before` with one would never come again.
    await waitUntil(
      async () => (await held()).resources['Immediate'] === undefined,
      'the event loop to rest',
    );
    const before = await held();
    const heaps: number[] = [];
    for (let done = 2 * ROUND; done < JOBS; done += ROUND) {
      await round();
      collectGarbage();
      heaps.push(process.memoryUsage().heapUsed);
    }
    const megabytes = heaps.map((bytes) => (bytes / 1024 / 1024).toFixed(1)).join(' ');
    const after = await held();
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
    process.stdout.write(
      `${provider}: ${JOBS} jobs in ${seconds} s; heap after each round, MB: ${megabytes}; ${JSON.stringify(after)}\n`,
    );
    expect(processor.runs - runsBefore).toBe(JOBS);
    const { clients = 0, sockets = 0 } = after.listeners;
    // Otherwise nothing was looked at.
    if (provider === 'redis') expect(Math.min(clients, sockets)).toBeGreaterThan(0);
    // Timers come and go with polls and flushes, before the rounds too: what leaks would be there at every look.
    await waitUntil(
      async () => isNoMore(await held(), before),
      `no more to be held than before: ${JSON.stringify(before)}, not ${JSON.stringify(after)}`,
    );
    const [first = 0] = heaps;
    expect(Math.min(...heaps.slice(-2)) - first).toBeLessThan(HEAP_TOLERANCE);
  }, 300_000);
});
