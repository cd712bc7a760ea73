import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { SmtpEmailChannel } from '../../src/message-queue/adapters/smtp/index.js';
import { TwilioSmsChannel } from '../../src/message-queue/adapters/twilio/index.js';
import {
  defineRate,
  MessageQueueModule,
  MessageQueueService,
  NotificationType,
  QueueName,
} from '../../src/message-queue/index.js';
import { EmailChannel, SmsChannel } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';

const CATCH_UP_MS = 50;
/** How much later than the queue a test sees that an SMS arrives, milliseconds. */
const JITTER_MS = 40;

describe('an app whose channels have a rate', () => {
  const apps = new HostApps();
  /** When SMS arrived, and what they were answered. */
  const arrivals: { readonly at: number; readonly status: number }[] = [];
  let busy = 0;
  let server: Server;
  let queue: Queue;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        const status = busy > 0 ? 429 : 201;
        busy -= 1;
        arrivals.push({ at: performance.now(), status });
        response.writeHead(status, { 'retry-after': '1' }).end('{"sid": "SM1"}');
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });

  beforeEach(() => {
    arrivals.length = 0;
    busy = 0;
  });

  afterEach(() => apps.close());

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function start(): Promise<MessageQueueService> {
    const rate = defineRate('provider', { limit: 10, perMs: 1_000 });
    const twilio = {
      ...{ accountSid: `AC${'1'.repeat(32)}`, authToken: 's3cret', from: '+15005550006' },
      ...{ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, rate },
    };
    const mail = { url: 'smtp://127.0.0.1:9', from: 'chat@example.org', rate };
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'memory',
          adapters: [
            { provide: SmsChannel, useFactory: () => new TwilioSmsChannel(twilio) },
            { provide: EmailChannel, useFactory: () => new SmtpEmailChannel(mail) },
          ],
        }),
      ],
    });
    queue = app.get<Queue>(getQueueToken(QueueName.MESSAGE_NOTIFICATION));
    return app.get(MessageQueueService);
  }

  const send = async (service: MessageQueueService, count: number): Promise<void> => {
    const sms = {
      type: NotificationType.SMS,
      title: 'News',
      message: 'There is news',
      createdAt: new Date(),
    };
    for (let i = 0; i < count; i += 1) {
      await service.addNotificationJob({ ...sms, recipientId: `r-${i}`, phoneNumber: '+4915112345678' });
    }
  };
  const untilSent = (count: number): Promise<unknown> =>
    waitUntil(() => arrivals.filter(({ status }) => status === 201).length === count, `${count} SMS`);
  const attemptsOf = async (): Promise<number[]> => {
    const completed = await queue.getCompleted();
    return completed.map(({ attemptsMade }) => attemptsMade);
  };

  it('sends no more than the service takes, and spends no attempt on waiting', async () => {
    const service = await start();
    await send(service, 8);
    await untilSent(8);
    for (const [i, { at: from }] of arrivals.entries()) {
      for (const [more, { at: to }] of arrivals.slice(i).entries()) {
        expect(more + 1).toBeLessThanOrEqual(1 + (to - from + CATCH_UP_MS + JITTER_MS) / 100);
      }
    }
    await waitUntil(async () => (await attemptsOf()).length === 8, 'the jobs to end');
    expect(await attemptsOf()).toEqual(Array(8).fill(0));
  });

  it('sends nothing for as long as the service says, after it was asked once', async () => {
    busy = 1;
    const service = await start();
    await send(service, 4);
    await untilSent(4);
    const [refused, ...sent] = arrivals;
    expect(refused?.status).toBe(429);
    expect(sent.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    for (const { at } of sent) expect(at - (refused?.at ?? 0)).toBeGreaterThan(990);
  });
});
