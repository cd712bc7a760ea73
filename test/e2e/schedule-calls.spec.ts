import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import type { Queue } from 'bull';
import {
  defineQueue,
  getQueueToken,
  InvalidJobOptionsError,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  schedule,
  ScheduleNotFoundError,
} from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class TickJobDto {
  @IsOptional()
  @IsString()
  text?: string;
}

const TICKS = defineQueue({
  ...{ name: 'ticks', description: 'Work of a test.', jobs: { tick: TickJobDto }, concurrency: 1 },
  ...{ attempts: 2, backoff: { type: 'fixed', delayMs: 10 }, timeoutMs: 10_000 },
});
const SECRETS = defineQueue({ ...TICKS, name: 'secrets', sealed: true });
const HOURLY = { cron: '0 * * * *', tz: 'UTC', key: 'mine' };

let ran: (string | undefined)[] = [];

@Processor('ticks')
class TickProcessor {
  @JobHandler(TICKS, 'tick')
  tick({ text }: TickJobDto): void {
    ran.push(text);
  }
}

@Processor('secrets')
class SecretProcessor {
  @JobHandler(SECRETS, 'tick')
  tick({ text }: TickJobDto): void {
    ran.push(text);
  }
}

describe.each(['memory', 'redis'] as const)('the calls about schedules on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefixes = 0;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });
  afterAll(() => redis?.stop());
  beforeEach(() => {
    ran = [];
    prefixes += 1;
  });
  afterEach(() => apps.close());

  function start(): Promise<INestApplication> {
    const place = { provider, prefix: `calls-${prefixes}`, ...(redis && { redis: { url: redis.url } }) };
    return apps.start({
      imports: [
        MessageQueueModule.forRoot({ ...place, builtInQueues: false }),
        MessageQueueModule.registerQueue(TICKS, {
          schedules: [schedule('tick', { text: 'declared' }, { cron: '0 3 * * *', tz: 'UTC' })],
        }),
        MessageQueueModule.registerQueue(SECRETS),
      ],
      providers: [TickProcessor, SecretProcessor],
    });
  }

  it('run one now whose payload is sealed', async () => {
    const { schedules } = (await start()).get(MessageQueueService);
    await schedules.upsert(SECRETS, 'tick', { text: 'secret' }, HOURLY);
    for (const times of [1, 2]) {
      await schedules.runNow('secrets', 'mine');
      await waitUntil(() => ran.length === times, 'the run that was asked for');
    }
    expect(ran).toEqual(['secret', 'secret']);
  });

  it('make, change, list, pause, resume, run and remove one', async () => {
    const service = (await start()).get(MessageQueueService);
    const { schedules } = service;
    const made = await schedules.upsert(TICKS, 'tick', { text: 'a' }, { ...HOURLY, priority: 8 });
    expect(made).toMatchObject({
      change: 'created',
      state: 'planned',
      key: 'mine',
      runs: 0,
      lastRunAt: null,
    });
    expect((made.nextRunAt?.getTime() ?? 0) % 3_600_000).toBe(0);
    const again = await schedules.upsert(TICKS, 'tick', { text: 'a' }, { ...HOURLY, priority: 8 });
    expect(again.change).toBe('unchanged');
    const changed = { cron: '30 * * * *', tz: 'UTC', key: 'mine' };
    expect(await schedules.upsert(TICKS, 'tick', { text: 'b' }, changed)).toMatchObject({
      change: 'updated',
    });
    expect((await schedules.list('ticks')).map(({ key, isDeclared }) => [key, isDeclared])).toEqual([
      ['mine', false],
      ['tick', true],
    ]);

    const { nextRunAt, state } = await schedules.pause('ticks', 'mine');
    expect([nextRunAt, state]).toEqual([null, 'paused']);
    const receipt = await schedules.runNow('ticks', 'mine');
    expect(receipt).toMatchObject({ queue: 'ticks', name: 'tick', deduplicated: false });
    await waitUntil(() => ran.length === 1, 'the run that was asked for');
    expect(ran).toEqual(['b']);
    const resumed = await schedules.resume('ticks', 'mine');
    expect(resumed).toMatchObject({ state: 'planned', runs: 0 });
    expect(resumed.nextRunAt?.getUTCMinutes()).toBe(30);

    expect(await schedules.remove('ticks', 'mine')).toBe(true);
    expect(await schedules.remove('ticks', 'mine')).toBe(false);
    await expect(schedules.pause('ticks', 'mine')).rejects.toBeInstanceOf(ScheduleNotFoundError);
    expect((await schedules.list()).map(({ key }) => key)).toEqual(['tick']);
  });

  it('hold for declared ones: paused over a restart, removed until one, changed in code alone', async () => {
    const { schedules } = (await start()).get(MessageQueueService);
    const own = schedules.upsert(TICKS, 'tick', {}, { every: 60_000 });
    await expect(own).rejects.toBeInstanceOf(InvalidJobOptionsError);
    await expect(own).rejects.toThrow(/key.*declared where the queue is registered/s);
    expect(await schedules.pause('ticks', 'tick')).toMatchObject({ state: 'paused' });
    if (provider === 'redis') {
      await apps.close();
      const again = (await start()).get(MessageQueueService).schedules;
      expect(await again.list('ticks')).toMatchObject([{ key: 'tick', state: 'paused' }]);
      expect(await again.resume('ticks', 'tick')).toMatchObject({ state: 'planned' });
      expect(await again.remove('ticks', 'tick')).toBe(true);
      expect(await again.list('ticks')).toMatchObject([{ key: 'tick', state: 'ended', nextRunAt: null }]);
      await apps.close();
      const last = (await start()).get(MessageQueueService).schedules;
      expect(await last.list('ticks')).toMatchObject([{ key: 'tick', state: 'planned' }]);
    }
  });

  it('refuse what would have no effect, and name it', async () => {
    const { schedules } = (await start()).get(MessageQueueService);
    const refused = schedules.upsert(TICKS, 'tick', {}, { every: 999, key: 'x' });
    await expect(refused).rejects.toThrow(/repeat\.every.*1000.*minRepeatMs/s);
    const misspelled = { every: 5_000, key: 'x', delay: 5 } as never;
    await expect(schedules.upsert(TICKS, 'tick', {}, misspelled)).rejects.toThrow(/delay.*repeat/s);
    await expect(schedules.upsert(TICKS, 'tick', {}, { every: 5_000, key: 'a:b' })).rejects.toThrow(/key/);
    const others = {
      jobId: 'a',
      repeat: {},
      idempotencyKey: 'a',
      ttl: 5,
      immediately: true,
      offset: 5,
      lifo: true,
    };
    for (const [name, value] of Object.entries(others)) {
      const wrong = schedules.upsert(TICKS, 'tick', {}, { every: 5_000, key: 'x', [name]: value });
      await expect(wrong).rejects.toMatchObject({
        code: 'INVALID_JOB_OPTIONS',
        issues: expect.arrayContaining([expect.objectContaining({ path: name })]) as unknown,
      });
    }
    expect((await schedules.list('ticks')).map(({ key }) => key)).toEqual(['tick']);
  });

  it('show in health when the next run of one is gone for good', async () => {
    const app = await start();
    const service = app.get(MessageQueueService);
    await service.schedules.upsert(TICKS, 'tick', {}, { every: 3_600_000, key: 'mine' });
    const codes = async (): Promise<string[]> =>
      (await service.getQueueHealth('ticks')).reasons.map(({ code }) => code);
    expect(await codes()).not.toContain('SCHEDULE_DEAD');
    if (redis === undefined) return;
    const queue = app.get<Queue>(getQueueToken('ticks'), { strict: false });
    const [pending] = (await queue.getDelayed()).filter(
      ({ data }) => (data as TickJobDto).text === undefined,
    );
    const client = redis.client();
    await client.zrem(queue.toKey('delayed'), String(pending?.id));
    expect(await codes()).toContain('SCHEDULE_DEAD');
    await queue.empty();
    expect(await codes()).not.toContain('SCHEDULE_DEAD');
    client.disconnect();
  });
});
