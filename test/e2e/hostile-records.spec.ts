import { Processor } from '@nestjs/bull';
import type { Queue } from 'bull';
import { IsOptional } from 'class-validator';
import type { Redis } from 'ioredis';
import {
  defineQueue,
  getQueueToken,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { DeadLetterService } from '../../src/message-queue/operations/index.js';
import type { DeadLetter } from '../../src/message-queue/operations/index.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { randomFrom } from '../support/random-from.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { GOOD, HOSTILE, ODD, OTHER_TYPES, SECRET } from './hostile-records.table.js';
import type { Fields } from './hostile-records.table.js';

class WorkJobDto {
  @IsOptional()
  n?: unknown;
}

const HOSTILES = defineQueue({
  name: 'hostile',
  description: 'Jobs of a test.',
  jobs: { work: WorkJobDto },
  concurrency: 5,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 5 },
  timeoutMs: 5_000,
});

const ran: string[] = [];

@Processor('hostile')
class HostileProcessor {
  @JobHandler('work')
  work(_payload: WorkJobDto, { jobId, attempt }: JobContext): void {
    ran.push(`${jobId} ${attempt}`);
  }
}

describe('Hostile records in Redis', () => {
  let redis: TestRedis;
  let client: Redis;
  let apps: HostApps;
  let service: MessageQueueService;
  let letters: DeadLetterService;
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
  beforeEach(() => {
    prefix = `hostile-${(stages += 1)}`;
    ran.length = 0;
    apps = new HostApps();
  });
  afterEach(async () => {
    await apps.close();
    for (const line of apps.logger.lines) {
      expect(line).not.toContain(SECRET);
      // The library's own messages may have several lines.
      expect(line).not.toMatch(/[\r\u001b\u0000\u202e]/);
    }
    expect(apps.logger.lines.length).toBeLessThan(80);
    expect(unhandled).toEqual([]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    client.disconnect();
    await redis.stop();
  });

  const key = (name: string): string => `${prefix}:hostile:${name}`;

  async function start(): Promise<void> {
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis', environment: 'test', prefix, board: { enabled: false } },
          redis: { url: `redis://127.0.0.1:${redis.port}` },
        }),
        MessageQueueModule.registerQueue(HOSTILES),
      ],
      providers: [HostileProcessor],
    });
    service = app.get(MessageQueueService);
    letters = app.get(DeadLetterService);
    queue = app.get<Queue>(getQueueToken('hostile'), { strict: false });
  }

  async function push(id: string, fields: Fields): Promise<void> {
    await client.hset(key(id), fields);
    await client.lpush(key('wait'), id);
  }

  /** Waits until jobs that were added behind all have run, and nothing is left. */
  async function untilDone({ mayBePassedOn = false, deadlineMs = 50_000 } = {}): Promise<void> {
    const good = await service.enqueueMany(
      HOSTILES,
      'work',
      Array.from({ length: 10 }, (_, n) => ({ payload: { n } })),
    );
    const ids = good.map((one) => ('id' in one ? one.id : ''));
    await waitUntil(() => ids.every((id) => ran.includes(`${id} 1`)), 'the good jobs', deadlineMs);
    const isDone = async (): Promise<boolean> => {
      const { waiting, active, delayed } = await queue.getJobCounts();
      return waiting + active + (mayBePassedOn ? 0 : delayed) === 0;
    };
    await waitUntil(isDone, 'the end of all', deadlineMs);
  }

  async function allLetters(): Promise<Map<string, DeadLetter>> {
    const all = new Map<string, DeadLetter>();
    for (let cursor: string | undefined; ;) {
      const page = await letters.list({ limit: 1_000, cursor });
      for (const letter of page.letters) {
        expect(all.has(letter.id)).toBe(false);
        all.set(letter.id, letter);
      }
      if (page.nextCursor === null) return all;
      cursor = page.nextCursor;
    }
  }

  /** Everything that looks at a queue. */
  async function lookAtAll(): Promise<void> {
    const types = ['waiting', 'active', 'delayed', 'completed', 'failed', 'paused'] as const;
    const jobs = await queue.getJobs([...types]);
    for (const job of jobs.filter((one) => one !== null))
      JSON.stringify([job.data, job.id, job.name, job.opts, job.failedReason, job.attemptsMade]);
    await service.getQueueMetrics();
    const health = await service.getQueueHealth('hostile');
    for (const { message } of health.reasons) expect(message).not.toContain(SECRET);
    await service.getFailedJobs('hostile', 1_000);
    await queue.getRepeatableJobs();
    await letters.stats();
  }

  it('become one dead letter each that says what is wrong, and none of them runs', async () => {
    const ids = new Map<string, RegExp>();
    for (const [name, [fields, reason]] of Object.entries(HOSTILE)) {
      await push(`h_${name}`, fields);
      ids.set(`h_${name}`, reason);
    }
    for (const [type, [command, ...args]] of Object.entries(OTHER_TYPES)) {
      await client.call(command, key(`t_${type}`), ...args);
      await client.lpush(key('wait'), `t_${type}`);
      ids.set(`t_${type}`, new RegExp(`Redis held a ${type} under its key`));
    }
    await client.lpush(key('wait'), 'ghost', 'id\r\nERROR forged \u001b[31m');
    ids.set('ghost', /no job behind its id/).set('id\r\nERROR forged \u001b[31m', /no job behind its id/);
    await start();
    await untilDone();
    await lookAtAll();
    const found = await allLetters();
    expect([...found.keys()].toSorted()).toEqual([...ids.keys()].toSorted());
    for (const [id, reason] of ids) {
      const letter = found.get(id);
      expect(`${id}: ${letter?.reason}`).toMatch(reason);
      expect(letter?.reason).not.toContain(SECRET);
      expect((await letters.get('hostile', id)).reason).toBe(letter?.reason);
    }
    expect(ran.filter((run) => !run.startsWith('m_'))).toEqual([]);

    // Put back by a person, they die once more, but for those that only had bad options: they get good ones.
    const report = await letters.replayAll({ by: 'ops' });
    expect([report.failed, report.matched]).toEqual([0, ids.size]);
    await untilDone();
    await lookAtAll();
    const dead = await allLetters();
    expect(dead.size + ran.filter((run) => !run.startsWith('m_')).length).toBe(ids.size);
    expect(dead.size).toBeGreaterThan(20);
    expect((await letters.discardMatching({})).discarded).toBe(dead.size);
  }, 60_000);

  it('run when what is odd about them does not matter', async () => {
    for (const [name, fields] of Object.entries(ODD)) await push(`o_${name}`, fields);
    await start();
    await untilDone();
    await lookAtAll();
    const expected = Object.keys(ODD).map((name) => `o_${name} 1`);
    expect(ran.filter((run) => run.startsWith('o_')).toSorted()).toEqual(expected.toSorted());
    expect([...(await allLetters()).keys()]).toEqual([]);
  }, 60_000);

  it('stand in no other job’s way in any list', async () => {
    await start();
    for (const [type, [command, ...args]] of Object.entries(OTHER_TYPES)) {
      for (const list of ['delayed', 'failed', 'active', 'lane', 'completed']) {
        await client.call(command, key(`${list}_${type}`), ...args);
      }
      await client.zadd(key('delayed'), 1, `delayed_${type}`);
      await client.zadd(key('failed'), 1, `failed_${type}`);
      await client.zadd(key('completed'), Date.now(), `completed_${type}`);
      await client.rpush(key('active'), `active_${type}`);
      await client.sadd(key('stalled'), `active_${type}`);
      await client.lpush(key('mq:lane:1'), `lane_${type}`);
      await client.zadd(key('mq:lanes'), 1, '1');
      await client.incr(key('mq:waiting'));
    }
    await lookAtAll();
    await allLetters();
    await service.enqueue(HOSTILES, 'work', { n: 'late' }, { delay: 50 });
    await client.publish(key('delayed'), '1');
    await untilDone();
    await lookAtAll();
    const found = await allLetters();
    for (const type of Object.keys(OTHER_TYPES)) {
      for (const list of ['delayed', 'active', 'lane']) {
        expect(found.get(`${list}_${type}`)?.reason).toContain(`Redis held a ${type} under its key`);
      }
    }
    expect(ran.filter((run) => run.endsWith(' 1'))).toHaveLength(11);
  }, 60_000);

  it.each([1, 2, 3])(
    'end, whatever is in them (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      for (let n = 0; n < 300; n++) await push(`r_${n}`, randomRecord(random));
      await start();
      await untilDone({ mayBePassedOn: true });
      await lookAtAll();
      const idsOf = (all: Iterable<string>): string[] => [...all].filter((id) => id.startsWith('r_'));
      await waitUntil(async () => {
        // Of a name that this worker does not know: a newer one may.
        const passedOn = idsOf(await client.zrange(key('delayed'), 0, -1));
        const dead = idsOf((await allLetters()).keys());
        const completed = new Set(idsOf(ran).map((run) => run.split(' ')[0] ?? ''));
        expect(dead.filter((id) => completed.has(id))).toEqual([]);
        // One that was passed on may be on its way just now.
        return dead.length + completed.size + passedOn.length === 300;
      }, 'each to have its end');
    },
    60_000,
  );

  it('may be ten thousand, and cost no flood of lines', async () => {
    const pipeline = client.pipeline();
    const kinds = Object.values(HOSTILE)
      .map(([fields]) => fields)
      .filter((fields) => JSON.stringify(fields).length < 1_000);
    for (let n = 0; n < 10_000; n++) {
      const fields = kinds[n % (kinds.length + 1)];
      if (fields !== undefined) pipeline.hset(key(`x_${n}`), fields);
      pipeline.lpush(key('wait'), `x_${n}`);
    }
    await pipeline.exec();
    await start();
    await untilDone({ deadlineMs: 100_000 });
    expect((await queue.getJobCounts()).failed).toBe(10_000);
    expect(ran.filter((run) => run.startsWith('x_'))).toEqual([]);
    await service.getQueueHealth('hostile');
  }, 120_000);
});

const TEXTS = [
  ...['', ' ', 'null', 'NaN', 'Infinity', '-1', '0', '1e308', '9'.repeat(25), '{}', '[]', '"x"', 'true'],
  ...[
    `{"${SECRET}"`,
    SECRET,
    '\r\n\u001b[2J',
    '{"__proto__":{"polluted":true}}',
    '\ud83d',
    'x'.repeat(5_000),
  ],
];

/** A job with a few fields that hold anything. */
function randomRecord(random: () => number): Fields {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const value = (depth = 0): unknown => {
    const kinds = [null, true, -1, 0, 7, 1e308, -1e308, SECRET, '', '5', 'fixed'] as const;
    if (depth > 2 || random() < 0.6) return pick(kinds);
    if (random() < 0.4) return Array.from({ length: 3 }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: 3 }, () => [pick(NAMES), value(depth + 1)]));
  };
  const NAMES = [
    ...[
      'attempts',
      'backoff',
      'delay',
      'repeat',
      'mq',
      'timestamp',
      'removeOnComplete',
      'removeOnFail',
      'lifo',
    ],
    ...[
      'stackTraceLimit',
      'priority',
      'jobId',
      'debounce',
      'failures',
      'replays',
      'cancelled',
      'correlationId',
    ],
    ...['metadata', 'timeoutMs', 'type', 'every', 'cron', 'at', '__proto__', 'constructor', 'prevMillis'],
  ];
  const fields: Record<string, string> = { ...GOOD };
  const names = [
    ...[
      'name',
      'timestamp',
      'data',
      'opts',
      'priority',
      'attemptsMade',
      'stacktrace',
      'failedReason',
      'progress',
    ],
    ...['delay', 'deid', 'mqCrashes', 'mqCancel', 'mqHeld', 'mqRun', 'mqOnce', 'mqUnknown', 'processedOn'],
  ];
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const name = pick(names);
    const options = { attempts: 2, [pick(NAMES)]: value(), [pick(NAMES)]: value() };
    const texts =
      name === 'name' || name === 'mqCancel' ? TEXTS.filter((text) => !text.includes(SECRET)) : TEXTS;
    fields[name] = name === 'opts' && random() < 0.8 ? JSON.stringify(options) : pick(texts);
  }
  return fields;
}
