import { IsString } from 'class-validator';
import type { INestApplication } from '@nestjs/common';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import { defineQueue, MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { TestRedis } from '../support/redis-server.js';

class ReportDto {
  @IsString() text!: string;
}

const queueOf = (name: string, isSealed: boolean) =>
  defineQueue({
    ...{ name, description: 'Has schedules.', jobs: { report: ReportDto }, concurrency: 1 },
    ...{ attempts: 1, timeoutMs: 1_000, backoff: { type: 'fixed', delayMs: 1 } },
    ...(isSealed && { sealed: true }),
  });
const PLAIN = queueOf('plain', false);
const SEALED = queueOf('sealed', true);

describe.each(['memory', 'redis'] as const)('schedules by their ids, on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis;
  let app: INestApplication;
  let service: MessageQueueService;

  beforeAll(async () => {
    redis = await TestRedis.start();
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, acceptInMemory: true, redis: { host: '127.0.0.1', port: redis.port } },
          ...{ builtInQueues: false as const, environment: 'test', role: 'producer' as const },
          adapters: [{ provide: KeyProvider, useClass: KeyRing }],
        }),
        MessageQueueModule.registerQueue(PLAIN),
        MessageQueueModule.registerQueue(SEALED),
      ],
    });
    service = app.get(MessageQueueService);
    for (const queue of [PLAIN, SEALED]) {
      const payload = { text: 'a secret' };
      await service.schedules.upsert(queue, 'report', payload, { key: 'nightly', cron: '0 2 * * *' });
    }
  });
  afterAll(async () => {
    await apps.close();
    await redis.stop();
  });

  it('are listed over all queues, without what is sealed', async () => {
    const listed = await service.listSchedules();
    expect(listed.map(({ queue, key, job }) => [queue, key, job])).toEqual([
      ['plain', 'nightly', 'report'],
      ['sealed', 'nightly', 'report'],
    ]);
    expect(JSON.stringify(listed.filter(({ queue }) => queue === 'sealed'))).not.toContain('a secret');
  });

  it.each([PLAIN, SEALED])('run at once, and their plan stays: $name', async ({ name }) => {
    const planOf = async (): Promise<unknown> =>
      (await service.listSchedules()).find(({ queue }) => queue === name)?.nextRunAt;
    const plan = await planOf();
    expect(plan).toBeInstanceOf(Date);
    const receipt = await service.runScheduleNow(`${name}|nightly`, 'ann');
    expect(receipt).toMatchObject({ queue: name, name: 'report', deduplicated: false });
    expect((await service.getJobStatus(name, receipt.id))?.state).toBe('waiting');
    expect(await planOf()).toEqual(plan);
    const { activity } = app.get(ManagedQueues, { strict: false }).get(name).broker;
    const target = `${name}|nightly`;
    expect(await activity.notes({ limit: 1 })).toMatchObject([{ by: 'ann', action: 'run-schedule', target }]);
  });

  it.each(['', 'nightly', 'plain', 'plain|', 'plain|hourly', 'other|nightly', '__proto__|x'])(
    'are refused by a clear error where there is none: %p',
    async (id) => {
      await expect(service.runScheduleNow(id, 'ann')).rejects.toMatchObject({
        code: 'SCHEDULE_NOT_FOUND',
        message: expect.stringMatching(/has no schedule|is the id of no schedule/) as string,
      });
    },
  );
});
