import type { INestApplication } from '@nestjs/common';
import { IsString } from 'class-validator';
import type { Redis } from 'ioredis';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

/**
 * The most Redis commands that a job may take, by kind, those inside scripts included. A kind that is not named is one
 * of a whole batch, or of the sweeps in the background: `RARELY`. A test that fails prints the row as it was measured;
 * lower a bound with the change that lowers the number.
 */
const MOST: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'enqueue, one by one': {
    ...{
      evalsha: 1,
      exists: 2,
      get: 1,
      hset: 1,
      llen: 2,
      lpush: 1,
      publish: 1,
      smismember: 2,
      time: 1,
      zcard: 2,
    },
  },
  'enqueue, 100 concurrent': { hset: 1 },
  'enqueue, bulk of 1000': { hset: 1 },
  'drain, concurrency 1': {
    ...{ hset: 2, hget: 1, hmget: 1, hlen: 1, lrem: 1, set: 1, sadd: 1 },
    ...{ del: 1, evalsha: 1, exists: 1, mget: 1, srem: 2, zadd: 1, zrevrange: 1 },
    ...{ incr: 1, lpush: 1, rpop: 1, publish: 1, 'pubsub|numpat': 1, 'pubsub|numsub': 1 },
  },
  'drain, concurrency 10': {
    ...{ hset: 2, hget: 1, hmget: 1, hlen: 1, lrem: 1, set: 1 },
    ...{
      del: 0.5,
      evalsha: 0.5,
      exists: 0.5,
      incr: 0.5,
      lpush: 0.5,
      mget: 0.5,
      rpop: 0.5,
      sadd: 0.5,
      srem: 1,
    },
    ...{ publish: 0.5, 'pubsub|numpat': 0.5, 'pubsub|numsub': 1, zadd: 0.5, zrevrange: 0.5 },
  },
};

/** Per job: of a batch of a hundred, and of what a second's sweeps send. */
const RARELY = 0.1;
const JOBS = 1_000;
const WARM_UP = 100;

class NoteDto {
  @IsString() text!: string;
}

function notesQueue(concurrency: number) {
  return defineQueue({
    name: `notes-${concurrency}`,
    description: 'Its commands are counted.',
    jobs: { note: NoteDto },
    concurrency,
    attempts: 5,
    backoff: { type: 'exponential', delayMs: 2_000 },
    timeoutMs: 30_000,
  });
}

type NotesQueue = ReturnType<typeof notesQueue>;
const NOTES = notesQueue(10);

let handled = 0;

function processorOf(queue: string) {
  @Processor(queue)
  class NoteProcessor {
    @JobHandler('note')
    async note(): Promise<void> {
      handled += 1;
    }
  }
  return NoteProcessor;
}

let redis: TestRedis;
let client: Redis;
const apps = new HostApps();
let service: MessageQueueService;

async function startHost(definition: NotesQueue): Promise<INestApplication> {
  const app = await apps.start({
    imports: [
      MessageQueueModule.forRoot({
        provider: 'redis',
        redis: { host: '127.0.0.1', port: redis.port },
        environment: 'test',
        autoStart: false,
        builtInQueues: false,
      }),
      MessageQueueModule.registerQueue(definition),
    ],
    providers: [processorOf(definition.name)],
  });
  service = app.get(MessageQueueService);
  return app;
}

/** Calls per kind of command since the last reset. */
async function commandCalls(): Promise<Map<string, number>> {
  const stats = await client.info('commandstats');
  const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(
    ([, kind = '', count]) => [kind, Number(count)] as const,
  );
  return new Map(calls.filter(([kind]) => kind !== 'info' && !kind.startsWith('config')));
}

/** The kinds of command that are over their bounds, and the row as it was measured. */
function judged(row: string, calls: ReadonlyMap<string, number>) {
  const perJob = [...calls].map(([kind, count]) => [kind, count / JOBS] as const);
  const over = perJob.filter(([kind, count]) => count > (MOST[row]?.[kind] ?? 0) + RARELY);
  const named = perJob.filter(([, count]) => count > RARELY).toSorted();
  const found = named.map(([kind, count]) => `'${kind}': ${count.toFixed(2)}`).join(', ');
  return { over: over.map(([kind]) => kind).toSorted(), found: `'${row}': { ${found} }` };
}

const note = (n: number): NoteDto => ({ text: `Note ${n}` });

async function addConcurrently(count: number, producers: number): Promise<void> {
  let next = 0;
  const produce = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await service.enqueue(NOTES, 'note', note(n));
  };
  await Promise.all(Array.from({ length: producers }, produce));
}

async function addInBulk(definition: NotesQueue, count: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, n) => ({ payload: note(n) }));
  await service.enqueueMany(definition, 'note', jobs);
}

beforeAll(async () => {
  redis = await TestRedis.start();
  client = redis.client();
});

afterEach(async () => {
  await apps.close();
  await client.flushall();
});

afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

describe('Redis commands of a job', () => {
  it.each([
    ['enqueue, one by one', (count: number) => addConcurrently(count, 1)],
    ['enqueue, 100 concurrent', (count: number) => addConcurrently(count, 100)],
    ['enqueue, bulk of 1000', (count: number) => addInBulk(NOTES, count)],
  ])('%s: at most those of the table', async (row, add) => {
    await startHost(NOTES);
    await add(WARM_UP);
    await client.config('RESETSTAT');
    await add(JOBS);
    const { over, found } = judged(row, await commandCalls());
    expect({ over, found }).toEqual({ over: [], found });
  });

  it.each([1, 10])('drain, concurrency %i: at most those of the table', async (concurrency) => {
    const definition = notesQueue(concurrency);
    const app = await startHost(definition);
    const worker = app.get(MessageQueueWorker);
    let calls: Map<string, number>;
    do {
      await client.flushall();
      await addInBulk(definition, JOBS);
      handled = 0;
      await client.config('RESETSTAT');
      await worker.start();
      await waitUntil(() => handled === JOBS, 'all jobs');
      await worker.stop();
      calls = await commandCalls();
      // On a machine that stood still, jobs that were taken ahead were handed back: it was measured, not the road.
    } while (calls.has('rpush'));
    const { over, found } = judged(`drain, concurrency ${concurrency}`, calls);
    expect({ over, found }).toEqual({ over: [], found });
  });
});
