import { Test } from '@nestjs/testing';
import { Queue } from 'bullmq';
import { MessageQueueModule, MessageQueueService, QueueName } from 'nestjs-message-queue';
import { TestRedis } from '../../test/support/redis-server.js';
import { waitUntil } from '../../test/support/wait-until.js';
import { MAIL, MailProcessor } from './mail.js';
import type { MailJobDto } from './mail.js';
import { moveWaitingJobs } from './move-waiting-jobs.js';

it('takes over what waits in BullMQ, on the same Redis, once', async () => {
  const redis = await TestRedis.start();
  const { hostname: host, port } = new URL(redis.url);
  const old = new Queue<MailJobDto>('mail', { connection: { host, port: Number(port) } });
  const imports = [
    MessageQueueModule.forRoot({ provider: 'redis', redis: { url: redis.url }, environment: 'test' }),
    MessageQueueModule.registerQueue(MAIL),
  ];
  const module = await Test.createTestingModule({ imports, providers: [MailProcessor] }).compile();
  const app = module.createNestApplication({ logger: false });
  try {
    const mail = (name: string): MailJobDto => ({ to: `${name}@example.org`, text: 'Hello!' });
    await old.add('send-mail', mail('ada'));
    await old.add('send-mail', mail('grace'), { priority: 5 });
    await old.add('send-mail', mail('alan'), { delay: 60_000 });
    await app.init();
    const queue = app.get(MessageQueueService);
    expect(await moveWaitingJobs(old, queue)).toBe(3);
    expect(await moveWaitingJobs(old, queue)).toBe(0);
    const { sent } = app.get(MailProcessor);
    await waitUntil(() => sent.length === 2, 'the mails that are due to be sent');
    expect([...sent].sort()).toEqual(['ada@example.org', 'grace@example.org']);
    const { queues } = await queue.getQueueMetrics();
    expect(queues['mail']).toMatchObject({ waiting: 0, delayed: 1 });
    expect(queues[QueueName.MESSAGE_DELIVERY].waiting).toBe(0);
  } finally {
    await old.close();
    await app.close();
    await redis.stop();
  }
});
