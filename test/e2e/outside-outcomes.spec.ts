import { randomUUID } from 'node:crypto';
import type { Queue } from 'bull';
import type { INestApplication } from '@nestjs/common';
import { InMemoryEmailChannel } from '../../src/message-queue/adapters/in-memory/index.js';
import {
  getQueueToken,
  JobEvents,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { QueueMonitor } from '../../src/message-queue/operations/index.js';
import {
  ChannelSettingsError,
  CircuitBreakers,
  DestinationBusyError,
  EmailChannel,
  NotificationLedger,
  NotificationSendError,
  Suppressions,
} from '../../src/message-queue/ports/index.js';
import type { ChannelReceipt, OutgoingNotification } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const QUEUE = 'message-notification';

/** Answers each address as its first part says, until it is told otherwise. */
class MoodyMail extends InMemoryEmailChannel {
  asked: string[] = [];
  isMended = false;

  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    const [mood] = notification.destination.split('@');
    this.asked.push(notification.destination);
    if (!this.isMended && mood === 'busy') throw new DestinationBusyError('451', 1_000);
    if (!this.isMended && mood === 'settings') throw new ChannelSettingsError('535');
    if (!this.isMended && mood === 'away') throw new NotificationSendError('421');
    if (mood === 'dead') return { outcome: 'refused', reason: 'bounced', detail: 'SMTP 550' };
    return super.send(notification, signal);
  }
}

describe.each(['memory', 'redis'] as const)('answers of a mail service on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | null = null;
  let app: INestApplication;
  let mail: MoodyMail;
  let retries: { jobId: string; delayMs: number; spent: boolean; blockedBy?: string }[];

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });
  afterAll(() => redis?.stop());
  beforeEach(async () => {
    mail = new MoodyMail();
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, environment: 'test', prefix: randomUUID() },
          ...(redis !== null && { redis: { url: redis.url } }),
          circuitBreakers: { failureThreshold: 3, halfOpenAfterMs: 200 },
          queues: { [QUEUE]: { concurrency: 1, backoff: { type: 'fixed', delayMs: 10 } } },
          adapters: [{ provide: EmailChannel, useValue: mail }],
        }),
      ],
    });
    retries = [];
    app.get(JobEvents).on('retrying', (event) => void retries.push(event));
  });
  afterEach(() => apps.close());

  async function add(mood: string, domain = 'one.example'): Promise<string> {
    const job = { recipientId: domain, type: 'email', emailAddress: `${mood}@${domain}` } as const;
    const text = { title: 'T', message: 'M', createdAt: new Date() };
    return (await app.get(MessageQueueService).addNotificationJob({ ...job, ...text })).id;
  }
  const queue = (): Queue => app.get<Queue>(getQueueToken(QUEUE), { strict: false });
  const until = (id: string, state: string): Promise<unknown> =>
    waitUntil(
      async () => (await (await queue().getJob(id))?.getState()) === state,
      `job ${id} to be ${state}`,
    );
  const put = (id: string) => retries.filter(({ jobId }) => jobId === id);
  const breaker = () =>
    app
      .get(CircuitBreakers)
      .statuses()
      .find(({ dependency }) => dependency === 'notification:email');

  it('that say of one destination that it is busy hold up nobody else, and spend no attempt', async () => {
    const busy = [];
    for (let i = 0; i < 6; i++) busy.push(await add('busy', `${i}.example`));
    await until(await add('fine'), 'completed');
    expect(breaker()).toMatchObject({ state: 'CLOSED', failures: 0 });
    for (const id of busy) await waitUntil(() => put(id).length > 0, 'it to be put off');
    expect(retries.every(({ spent, delayMs }) => !spent && delayMs === 1_000)).toBe(true);
    mail.isMended = true;
    for (const id of busy) await until(id, 'completed');
    expect((await queue().getJob(String(busy[0])))?.attemptsMade).toBe(0);
  });

  it('that refuse our settings open the breaker at once, with what to look at in health; no job is at fault', async () => {
    const id = await add('settings');
    await waitUntil(() => put(id).length > 0, 'it to be put off');
    expect(put(id)).toMatchObject([{ delayMs: 60_000, spent: false, blockedBy: 'notification:email' }]);
    expect(breaker()?.state).not.toBe('CLOSED');
    const { reasons } = await app.get(QueueMonitor).health(QUEUE);
    const said = reasons.find(({ code }) => code === 'BREAKER_OPEN')?.message;
    expect(said).toContain('"notification:email" refuses our settings');
    mail.isMended = true;
    await until(await add('settings', 'two.example'), 'completed');
    await (await queue().getJob(id))?.promote();
    await until(id, 'completed');
    expect(await queue().getFailedCount()).toBe(0);
  });

  it('that come from no service cost the attempts but the last, which waits for it', async () => {
    const id = await add('away');
    await waitUntil(() => put(id).some(({ delayMs }) => delayMs === 60_000), 'the last attempt to wait');
    expect(put(id).filter(({ spent }) => spent)).toHaveLength(2);
    expect(await queue().getFailedCount()).toBe(0);
    mail.isMended = true;
    await (await queue().getJob(id))?.promote();
    await until(id, 'completed');
  });

  it('that say of one destination that it is dead are outcomes, asked for once until it is lifted', async () => {
    const first = await add('dead');
    await until(first, 'completed');
    const second = await add('dead', 'ONE.example');
    await until(second, 'completed');
    expect(mail.asked).toEqual(['dead@one.example']);
    const ledger = app.get(NotificationLedger);
    expect([...(await ledger.list(first)), ...(await ledger.list(second))]).toMatchObject([
      { outcome: 'refused', reason: 'bounced (SMTP 550)' },
      { outcome: 'suppressed', reason: 'bounced (SMTP 550)' },
    ]);
    expect(await app.get(Suppressions).lift('email', 'dead@one.example', { by: 'ops' })).toBe(true);
    await until(await add('dead'), 'completed');
    expect(mail.asked).toHaveLength(2);
    expect(await queue().getFailedCount()).toBe(0);
  });
});
