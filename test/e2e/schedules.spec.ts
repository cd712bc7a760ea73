import { Processor } from '@nestjs/bull';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import type { Job, Queue } from 'bull';
import {
  defineQueue,
  getQueueToken,
  InvalidConfigurationError,
  JobHandler,
  MESSAGE_QUEUE_CONFIG,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
  schedule,
} from '../../src/message-queue/index.js';
import type {
  JobContext,
  MessageQueueConfig,
  MessageQueueModuleOptions,
  Schedule,
} from '../../src/message-queue/index.js';
import type { DeclaredSchedule } from '../../src/message-queue/operations/index.js';
import { CLEANUP_QUEUE } from '../../src/message-queue/queues/index.js';
import { JobEnqueuer } from '../../src/message-queue/facade/job-enqueuer.js';
import { ScheduleReconciler } from '../../src/message-queue/schedules/schedule-reconciler.js';
import { runIdOf } from '../../src/message-queue/broker/rules/schedules/schedule-record.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { RegisteredQueues } from '../../src/message-queue/broker/registry/registered-queues.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class TickJobDto {
  @IsOptional()
  @IsString()
  text?: string;
}

const TICKS = defineQueue({
  name: 'ticks',
  description: 'Work of a test.',
  jobs: { tick: TickJobDto },
  concurrency: 1,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 10_000,
  minRepeatMs: 100,
});

const NOTHING = { added: 0, updated: 0, removed: 0, revived: 0 };
let ran: (string | undefined)[] = [];
let due: (Date | undefined)[] = [];

@Processor('ticks')
class TickProcessor {
  @JobHandler(TICKS, 'tick')
  tick({ text }: TickJobDto, { attempt, scheduledFor }: JobContext): void {
    ran.push(text);
    due.push(scheduledFor);
    if (text === 'fails once' && attempt === 1) throw new Error('the first attempt');
  }
}

/** At a minute of the first of January: not due while a test runs. */
function yearly(minute: number, payload: TickJobDto = {}, key?: string): Schedule<typeof TICKS> {
  return schedule('tick', payload, { cron: `${minute} 3 1 1 *`, tz: 'UTC', key });
}

describe.each(['memory', 'redis'] as const)('declared schedules on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefixes = 0;
  let place: MessageQueueModuleOptions;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });
  afterAll(() => redis?.stop());
  beforeEach(() => {
    ran = [];
    due = [];
    apps.logger.lines.length = 0;
    place = { provider, prefix: `schedules-${(prefixes += 1)}`, ...(redis && { redis: { url: redis.url } }) };
  });
  afterEach(() => apps.close());

  function start(
    schedules: readonly Schedule<typeof TICKS>[] = [],
    options: MessageQueueModuleOptions = {},
    ...more: DynamicModule[]
  ): Promise<INestApplication> {
    return apps.start({
      imports: [
        MessageQueueModule.forRoot({ ...place, ...options }),
        MessageQueueModule.registerQueue(TICKS, { schedules }),
        ...more,
      ],
      providers: [TickProcessor],
    });
  }

  function queueOf(app: INestApplication, name = 'ticks'): Queue {
    return app.get<Queue>(getQueueToken(name), { strict: false });
  }

  /** What is scheduled: cron, and the payload of the run that is pending. One line per pending run. */
  async function scheduled(app: INestApplication, name = 'ticks'): Promise<string[]> {
    const queue = queueOf(app, name);
    const entries = await queue.getRepeatableJobs();
    const delayed = await queue.getDelayed();
    const pending = entries.map(({ key, next }) => runIdOf(key, next));
    expect(delayed.map(({ id }) => String(id)).sort()).toEqual(pending.sort());
    return delayed.map(({ opts, data }) => `${cronOf(opts)} ${JSON.stringify(data)}`).sort();
  }

  /** A further process with other declarations. */
  function processWith(
    app: INestApplication,
    schedules: readonly Schedule<typeof TICKS>[],
    clock = new ManualClock(Date.now()),
  ): ScheduleReconciler {
    const config = app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG);
    return new ScheduleReconciler(app.get(RegisteredQueues), app.get(JobEnqueuer), clock, {
      ...config,
      schedules: schedules.map((one): DeclaredSchedule => ({ queue: 'ticks', key: one.job, ...one })),
    });
  }

  it('are there after the start, once, and run', async () => {
    await start([schedule('tick', { text: 'again' }, { every: 100 })]);
    await waitUntil(() => ran.length >= 3, 'three runs');
    expect(new Set(ran)).toEqual(new Set(['again']));
  });

  it('tell each run when it was due, a retry the same again, and a job of its own nothing', async () => {
    const app = await start([schedule('tick', { text: 'fails once' }, { every: 200 })]);
    await waitUntil(() => ran.length >= 4, 'two runs with their retries');
    const [first, retry, second] = due.map((date) => date?.getTime() ?? 0);
    expect([retry, (first as number) % 200]).toEqual([first, 0]);
    expect(second).toBeGreaterThan(first as number);
    expect(Math.abs((second as number) - Date.now())).toBeLessThan(60_000);

    await app.get(MessageQueueService).enqueue(TICKS, 'tick', { text: 'alone' });
    await waitUntil(() => ran.includes('alone'), 'a job of its own');
    expect(due[ran.indexOf('alone')]).toBeUndefined();
  });

  it('fit the newest declaration: cron, payload, removal; what hosts add stays', async () => {
    const app = await start([yearly(1, { text: 'a' }), yearly(2, {}, 'second')]);
    const own = { repeat: { cron: '7 7 7 7 *' } };
    await app.get(MessageQueueService).enqueue(TICKS, 'tick', { text: 'host' }, own);
    const host = '7 7 7 7 * {"text":"host"}';
    expect(await scheduled(app)).toEqual(['1 3 1 1 * {"text":"a"}', '2 3 1 1 * {}', host]);

    const changed = processWith(app, [yearly(5, { text: 'a' }), yearly(2, { text: 'b' }, 'second')]);
    expect(await changed.reconcile()).toEqual({ ...NOTHING, updated: 2 });
    expect(await scheduled(app)).toEqual(['2 3 1 1 * {"text":"b"}', '5 3 1 1 * {"text":"a"}', host]);
    expect(await changed.reconcile()).toEqual(NOTHING);

    expect(await processWith(app, []).reconcile()).toEqual({ ...NOTHING, removed: 2 });
    expect(await scheduled(app)).toEqual([host]);
  });

  it('of a sealed queue fit the newest payload, and have no hash of it in their names', async () => {
    const sealed = defineQueue({ ...TICKS, sealed: true });
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot(place),
        MessageQueueModule.registerQueue(sealed, { schedules: [yearly(1, { text: 'a' })] }),
      ],
      providers: [TickProcessor],
    });
    const names = async (): Promise<unknown[]> =>
      (await queueOf(app).getRepeatableJobs()).map(({ id }) => id);
    const before = await names();
    expect(before).toHaveLength(1);
    const changed = processWith(app, [yearly(1, { text: 'b' })]);
    expect(await changed.reconcile()).toEqual({ ...NOTHING, updated: 1 });
    expect(await names()).toEqual(before);
    expect(await changed.reconcile()).toEqual(NOTHING);
    const later = processWith(app, [yearly(5, { text: 'b' })]);
    expect(await later.reconcile()).toEqual({ ...NOTHING, updated: 1 });
    expect(await names()).not.toEqual(before);
  });

  it('may be declared at any registration of their queue, each key once', async () => {
    const again = (...schedules: Schedule<typeof TICKS>[]): DynamicModule =>
      MessageQueueModule.registerQueue(TICKS, { schedules });
    const app = await start([yearly(1)], {}, again(yearly(2, {}, 'second')), again());
    expect(await scheduled(app)).toEqual(['1 3 1 1 * {}', '2 3 1 1 * {}']);
    await expect(start([yearly(1)], {}, again(yearly(2)))).rejects.toThrow(
      /ticks\.schedules\.0\.key.*"tick".*give each a key of its own/s,
    );
  });

  it('are one when several processes start at once', async () => {
    const app = await start();
    const declared = [yearly(1, { text: 'a' }), yearly(2, {}, 'second')];
    await Promise.all(Array.from({ length: 5 }, () => processWith(app, declared).reconcile()));
    expect(await scheduled(app)).toEqual(['1 3 1 1 * {"text":"a"}', '2 3 1 1 * {}']);
  });

  it('come back after their pending run or the whole schedule was removed', async () => {
    const clock = new ManualClock(Date.now());
    const app = await start();
    const keeper = processWith(app, [yearly(1), yearly(2, {}, 'second'), yearly(3, {}, 'third')], clock);
    await keeper.start();
    const all = ['1 3 1 1 * {}', '2 3 1 1 * {}', '3 3 1 1 * {}'];
    const queue = queueOf(app);

    const [pending] = await queue.getDelayed();
    await (pending as Job).remove();
    await waitUntil(async () => (await queue.getDelayed()).length === 3, 'the removed run');
    expect(await scheduled(app)).toEqual(all);

    await queue.clean(0, 'delayed');
    expect(await scheduled(app)).toEqual(all);
    const [entry] = await queue.getRepeatableJobs();
    await queue.removeRepeatableByKey(entry?.key ?? '');
    await nextLook(clock);
    await waitUntil(async () => (await queue.getDelayed()).length === 3, 'the removed schedule');
    expect(await scheduled(app)).toEqual(all);
    await keeper.stop();
  });

  it('are not undone by an older process that still runs', async () => {
    const app = await start();
    const older = processWith(app, [yearly(1), yearly(2, {}, 'dropped')]);
    await older.reconcile();
    const newer = processWith(app, [yearly(9), yearly(4, {}, 'added')]);
    await newer.reconcile();
    for (let round = 0; round < 3; round += 1) {
      await older.reconcile();
      expect(await scheduled(app)).toEqual(expect.arrayContaining(['4 3 1 1 * {}', '9 3 1 1 * {}']));
      await newer.reconcile();
      expect(await scheduled(app)).toEqual(['4 3 1 1 * {}', '9 3 1 1 * {}']);
    }
  });

  it('are never two after different processes started at the same moment', async () => {
    const app = await start();
    const [one, other] = [processWith(app, [yearly(1)]), processWith(app, [yearly(2)])];
    await Promise.all([one.reconcile(), other.reconcile()]);
    await one.reconcile();
    await other.reconcile();
    expect(await scheduled(app)).toHaveLength(1);
  });

  it('stop the start when a payload is wrong', async () => {
    const wrong = start([yearly(1, { txt: 'a' } as TickJobDto)]);
    await expect(wrong).rejects.toBeInstanceOf(InvalidConfigurationError);
    await expect(wrong).rejects.toThrow(/schedules \(ticks, tick\).*txt/s);
  });

  it('are left to processes that work', async () => {
    const app = await start([yearly(1)], { role: 'producer' });
    expect(await scheduled(app)).toEqual([]);
  });

  it('hold the clean-ups by default, changed by settings or declarations, and none in tests', async () => {
    const cleanup = QueueName.MESSAGE_CLEANUP;
    const test = await start();
    expect(await scheduled(test, cleanup)).toEqual([]);
    await apps.close();
    const app = await start([], { cleanup: { schedules: true, timeZone: 'UTC' } });
    const defaults = await queueOf(app, cleanup).getDelayed();
    const told = defaults.map(({ opts, data }) => {
      const { cleanupType, retentionDays } = data as { cleanupType: string; retentionDays?: number };
      return `${cronOf(opts)} ${cleanupType} ${retentionDays}`;
    });
    expect(told.sort()).toEqual([
      '0 2 * * * old_messages 90',
      '0 3 * * * expired_attachments undefined',
      '30 2 * * * deleted_conversations 30',
      '30 3 * * * old_batch_progress 30',
      '30 3 * * * old_inbox_entries 90',
      '30 3 * * * old_ledger_entries 30',
    ]);
    await apps.close();
    const settings = { schedules: true, oldMessagesCron: '0 5 * * *', expiredAttachmentsCron: 'off' };
    const own = schedule<typeof CLEANUP_QUEUE, 'cleanup-messages'>(
      'cleanup-messages',
      { cleanupType: 'deleted_conversations', dryRun: true },
      { cron: '0 6 * * *', key: 'deleted_conversations' },
    );
    const withOwn = MessageQueueModule.registerQueue(CLEANUP_QUEUE, { schedules: [own] });
    const changed = await start([], { cleanup: settings }, withOwn);
    const crons = (await queueOf(changed, cleanup).getDelayed()).map(({ opts }) => cronOf(opts)).sort();
    expect(crons).toEqual(['0 5 * * *', '0 6 * * *', ...Array<string>(3).fill('30 3 * * *')]);
    expect(await queueOf(changed, cleanup).getRepeatableJobs()).toHaveLength(5);
  });

  if (provider === 'redis') {
    it('fit the configuration of the next start, when several start at once too', async () => {
      await Promise.all([1, 2, 3].map(() => start([yearly(1, { text: 'old' })])));
      await apps.close();
      const started = await Promise.all([1, 2, 3].map(() => start([yearly(2, { text: 'new' })])));
      expect(await scheduled(started[0] as INestApplication)).toEqual(['2 3 1 1 * {"text":"new"}']);
    });
  }
});

/** Moves the time to the next look, once the one under way has ended. */
async function nextLook(clock: ManualClock): Promise<void> {
  await waitUntil(() => clock.pendingTimers === 1, 'the end of a look');
  await clock.advance(60_000);
}

function cronOf(opts: Job['opts']): string {
  return (opts.repeat as { cron: string }).cron;
}
