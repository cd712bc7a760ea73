import { randomUUID } from 'node:crypto';
import { Test } from '@nestjs/testing';
import { SmtpEmailChannel } from '../../src/message-queue/adapters/smtp/index.js';
import type { SmtpOptions } from '../../src/message-queue/adapters/smtp/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import { EmailChannel } from '../../src/message-queue/ports/index.js';
import { MessageQueueTestingModule, MessageQueueTestKit } from '../../src/message-queue/testing/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { startSmtpPeer } from '../support/smtp-peer.js';
import type { SmtpPeer } from '../support/smtp-peer.js';
import { waitUntil } from '../support/wait-until.js';

const NO_PERSON = '550 5.1.1 no such user';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A mail server, and the channel to it. */
async function mailServer(options: Partial<SmtpOptions> = {}) {
  const peer = await startSmtpPeer({}, ['AUTH PLAIN', 'SIZE 1000000']);
  closing.push(() => peer.close());
  const to = { host: '127.0.0.1', port: peer.port, from: 'chat@example.org' };
  const useFactory = (): EmailChannel => new SmtpEmailChannel({ ...to, ...options });
  return { peer, adapters: [{ provide: EmailChannel, useFactory }] };
}

const mailTo = (emailAddress: string, createdAt = new Date()) => ({
  ...{ recipientId: emailAddress, type: 'email' as const, emailAddress },
  ...{ title: 'News', message: 'There is news', createdAt },
});

const asked = (peer: SmtpPeer, name: string): number =>
  peer.lines.filter((line) => line.startsWith(`RCPT TO:<${name}@`)).length;

describe.each(['memory', 'redis'] as const)('What a mail server answers, on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | null = null;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  async function start() {
    const { peer, adapters } = await mailServer();
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix: `mails-${randomUUID()}` };
    const library = MessageQueueModule.forRoot({
      ...{ provider, environment: 'test', acceptInMemory: true, ...place, adapters },
    });
    const app = await apps.start({ imports: [library] });
    return { peer, service: app.get(MessageQueueService) };
  }

  it('is waited for as long as it says, and holds up nobody else', async () => {
    const { peer, service } = await start();
    peer.answers['RCPT'] = (line) =>
      line.includes('grey') ? '451 4.7.1 Greylisted, try again in 1 second' : undefined;
    const names = ['grey1', 'grey2', 'grey3', 'grey4', 'grey5', 'grey6'];
    const receipts = [];
    for (const name of names) receipts.push(await service.addNotificationJob(mailTo(`${name}@example.net`)));
    await waitUntil(() => names.every((name) => asked(peer, name) === 1), 'all to be asked for');
    await service.addNotificationJob(mailTo('ben@example.net'));
    await waitUntil(() => peer.mails.length === 1, 'the other mail');
    delete peer.answers['RCPT'];
    await waitUntil(() => peer.mails.length === 7, 'all mails');
    for (const { id } of receipts) {
      const job = await service.getJob(QueueName.MESSAGE_NOTIFICATION, id);
      await waitUntil(async () => (await job?.getState()) === 'completed', 'the end of the job');
      expect((await service.getJob(QueueName.MESSAGE_NOTIFICATION, id))?.attemptsMade).toBeLessThanOrEqual(1);
    }
  });

  it('is remembered of a mailbox that does not exist: no dead letter, and it is not asked for again', async () => {
    const { peer, service } = await start();
    peer.answers['RCPT'] = (line) => (line.includes('nobody') ? NO_PERSON : undefined);
    for (let time = 0; time < 3; time += 1) {
      const { id } = await service.addNotificationJob(mailTo('nobody@example.net'));
      const job = await service.getJob(QueueName.MESSAGE_NOTIFICATION, id);
      await waitUntil(async () => (await job?.getState()) === 'completed', 'the end of the job');
    }
    expect(asked(peer, 'nobody')).toBe(1);
    expect(await service.getFailedJobs(QueueName.MESSAGE_NOTIFICATION)).toEqual([]);
    await service.addNotificationJob(mailTo('ben@example.net'));
    await waitUntil(() => peer.mails.length === 1, 'the other mail');
  });
});

describe('Settings of a mail server that are wrong', () => {
  it.each([
    ['AUTH', '535 5.7.8 wrong'],
    ['RCPT', '550 5.7.1 Unable to relay'],
    ['MAIL', '553 5.1.8 no such sender'],
  ])('cost no mail: all of them go out when they are right (%s %s)', async (step, answer) => {
    const { peer, adapters } = await mailServer({ user: 'chat', password: 'hunter2', requireTls: false });
    const module = await Test.createTestingModule({
      imports: [MessageQueueTestingModule.register({ adapters })],
    }).compile();
    await module.init();
    closing.unshift(() => module.close());
    const kit = module.get(MessageQueueTestKit, { strict: false });
    const service = module.get(MessageQueueService, { strict: false });
    let isWrong = true;
    peer.answers[step] = () => (isWrong ? answer : undefined);
    for (let count = 0; count < 8; count += 1) {
      await service.addNotificationJob(mailTo(`ben${count}@example.net`));
    }
    await kit.advance('20m');
    expect(await service.getFailedJobs(QueueName.MESSAGE_NOTIFICATION)).toEqual([]);
    expect(peer.mails).toEqual([]);
    isWrong = false;
    await kit.advance('20m');
    expect(peer.mails).toHaveLength(8);
  });
});
