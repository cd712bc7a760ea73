import { inspect } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import { resolveSmtpOptions } from '../../src/message-queue/adapters/smtp/smtp-options.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import { WebhookTransport } from '../../src/message-queue/adapters/webhook/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import { resolve } from '../support/configuration-fixture.js';
import { HostApps } from '../support/host-app.js';
import { freePort, TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

/** Part of every password here, in whatever spelling it stands. */
const PASSWORD = 'hunter2';

/** Addresses that are wrong, each with the password where somebody may have put it. */
const WRONG: readonly string[] = [
  ...[
    'redis://user:hunter2@host/x',
    'redis://:hunter2@host:0',
    'redis://hunter2@host:0',
    'redis://:hunter2@',
  ],
  ...[
    'user:hunter2@host',
    ':hunter2@host',
    'hunter2@host',
    'redis//user:hunter2@host',
    'redis:/u:hunter2@host',
  ],
  ...[
    'http://user:hunter2@host',
    'REDIS://user:hunter2@host',
    '"redis://:hunter2@host"',
    'redis:hunter2@host',
  ],
  ...['redis://host?password=hunter2', 'redis://host/0?auth=hunter2', 'redis://host/0#hunter2'],
  ...['redis%3A%2F%2Fuser%3Ahunter2%40host', 'redis://user%3Ahunter2%40host', 'password=hunter2'],
  ...['redis://user:1/hunter2@host', 'redis://user:1#hunter2@host', 'redis://user:1?hunter2@host'],
  ...['redis://user:1,hunter2@host', 'redis://user:1,x:hunter2@host:6379', 'redis://:hunter2,x@host'],
  ...['redis://:hunter2@a,rediss://:hunter2@b', 'redis://a,b:hunter2@c'],
];

const VARIABLES = [
  'REDIS_URL',
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_SENTINELS',
  'REDIS_TLS',
  'REDIS_TLS_SERVER_NAME',
];
const OTHERS = [
  'QUEUE_PREFIX',
  'MESSAGE_QUEUE_PROVIDER',
  'MESSAGE_QUEUE_ROLE',
  'MESSAGE_QUEUE_CLEANUP_TIME_ZONE',
];

/** Everything that an error says, to a log that prints its fields and causes too. */
async function saidBy(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return `${String(error)}\n${inspect(error, { depth: 10, showHidden: true })}`;
  }
  throw new Error('It was accepted.');
}

describe('The password of an address is not in', () => {
  it.each(VARIABLES)('an error about %s', async (variable) => {
    for (const text of WRONG) {
      const said = await saidBy(() =>
        resolve({ env: { MESSAGE_QUEUE_PROVIDER: 'redis', [variable]: text } }),
      );
      expect(said).toContain(variable);
      expect(said).not.toContain(PASSWORD);
    }
  });

  it.each(OTHERS)('an error about %s, where it was not meant to be', async (variable) => {
    const said = await saidBy(() => resolve({ env: { [variable]: 'redis://user:hunter2@host' } }));
    expect(said).toContain(variable);
    expect(said).not.toContain(PASSWORD);
  });

  it('an error about options', async () => {
    for (const text of WRONG) {
      for (const redis of [{ url: text }, { host: text }, { sentinels: [text] }, { db: text }, text])
        expect(await saidBy(() => resolve({ options: { redis } }))).not.toContain(PASSWORD);
    }
  });

  it.each([
    'smtp://user:hunter2@',
    'smtp://user:hunter2@host:port',
    'smtp://user:hun#ter2hunter2@host',
    'smtp://user:1/hunter2@host',
    'http://user:hunter2@host',
    'user:hunter2@host',
  ])('an error about the mail server: %s', async (url) => {
    const said = await saidBy(() => resolveSmtpOptions({ url, from: 'chat@example.org' }));
    expect(said).toMatch(/url: must be an address that begins with smtp:\/\//);
    expect(said).not.toContain(PASSWORD);
  });

  it.each([
    'postgres://user:hunter2@[host/db',
    'postgres://user:1/hunter2@host/db',
    'postgres://user:1#hunter2@host/db',
    'postgres://user:1?hunter2@host/db',
    'postgres://user:hunter2@127.0.0.1:1/db',
    'postgres://user@127.0.0.1:1/db?password=hunter2',
    'postgres://user:h%75nter2%40hunter2@127.0.0.1:1/db',
    'mysql://user:hunter2@host/db',
    'user:hunter2@host/db',
  ])('an error about the database: %s', async (url) => {
    expect(await saidBy(() => SqlDatabase.open({ url }))).not.toContain(PASSWORD);
  });

  it.each([
    'https://user:hunter2@127.0.0.1/',
    'https://127.0.0.1:1/hook?token=hunter2',
    'https://127.0.0.1:1/hook/hunter2',
    'ftp://host/hunter2',
    'hunter2',
  ])('an error about a webhook: %s', async (url) => {
    const transport = new WebhookTransport({
      endpointOf: () => ({ url, secrets: ['a secret that is long enough'] }),
      allowPrivateAddresses: true,
    });
    const message = {
      ...{ messageId: 'm', senderId: 'ada', recipientId: 'grace', conversationId: 'c', content: 'Hello!' },
      ...{ encrypted: false, attachments: [], createdAt: new Date() },
    };
    expect(await saidBy(() => transport.deliver(message, new AbortController().signal))).not.toContain(
      PASSWORD,
    );
  });

  describe('what a process on Redis logs, reports and throws', () => {
    const apps = new HostApps();
    let server: TestRedis;

    beforeAll(async () => {
      server = await TestRedis.start(['--appendonly', 'yes']);
      const admin = server.client();
      await admin.call('ACL', 'SETUSER', 'ann', 'on', '>hunter2', '>hunter2@/#?,', '~*', '&*', '+@all');
      await admin.call('ACL', 'SETUSER', 'default', 'resetpass', '>hunter2');
      admin.disconnect();
    });
    afterEach(async () => {
      await apps.close();
      apps.logger.lines.length = 0;
    });
    afterAll(() => server.stop());

    const start = (url: string): Promise<INestApplication> =>
      apps.start({
        imports: [
          MessageQueueModule.forRoot({
            ...{ environment: 'development', provider: 'redis', redis: { url }, acceptInMemory: true },
            ...{ builtInQueues: [QueueName.MESSAGE_INDEXING], cleanup: { schedules: false } },
          }),
        ],
      });

    /** All that the app says of itself while something is wrong with its Redis, or nothing is. */
    async function saidWith(address: string): Promise<string> {
      const app = await start(address);
      const service = app.get(MessageQueueService);
      const add = (): Promise<unknown> =>
        service.addIndexingJob({
          ...{ messageId: 'm', operation: 'index', content: 'Hello!', senderId: 'ada', conversationId: 'c' },
          createdAt: new Date(),
        });
      const thrown = await saidBy(async () => {
        await add();
        throw new Error('Nothing is wrong.');
      });
      const health = await service.getQueueHealth(QueueName.MESSAGE_INDEXING);
      return [...apps.logger.lines, thrown, inspect(health, { depth: 10 })].join('\n');
    }

    it.each([
      ['a password alone', 'redis://:hunter2@'],
      ['a user and a password', 'redis://ann:hunter2@'],
      ['a password that is encoded', 'redis://ann:hunter2%40%2F%23%3F%2C@'],
    ])('with %s', async (_how, begin) => {
      const said = await saidWith(server.url.replace('redis://', begin));
      expect(said).toMatch(new RegExp(`Jobs: in Redis \\S+ at 127.0.0.1:${server.port},`));
      expect(said).toContain('Nothing is wrong.');
      expect(said).not.toContain(PASSWORD);
    });

    it.each([
      ['a password that Redis does not know', 'redis://:hunter2-old@'],
      ['a user that it does not know', 'redis://hunter2:x@'],
      ['a user alone', 'redis://hunter2@'],
    ])('with %s', async (_how, begin) => {
      const said = await saidWith(server.url.replace('redis://', begin));
      await waitUntil(() => apps.logger.lines.some((line) => /WRONGPASS|NOAUTH/.test(line)), 'the refusal');
      expect(said).toMatch(/WRONGPASS|NOAUTH/);
      expect([said, ...apps.logger.lines].join('\n')).not.toContain(PASSWORD);
    });

    it('with a server that is away', async () => {
      const said = await saidWith(`redis://ann:hunter2@127.0.0.1:${await freePort()}`);
      expect(said).toMatch(/BrokerUnavailableError/);
      expect(said).not.toContain(PASSWORD);
    });
  });
});
