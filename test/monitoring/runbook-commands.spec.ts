import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { Broker } from '../../src/message-queue/broker/broker.js';
import {
  MessageQueueModule,
  MessageQueueService,
  QueueName,
  UnrecoverableJobError,
} from '../../src/message-queue/index.js';
import { MessageTransport } from '../../src/message-queue/ports/index.js';
import { BUILT_IN_QUEUES } from '../../src/message-queue/queues/queue-definitions.js';
import { announcement, batch } from '../support/activity-batches.js';
import { CliStage } from '../support/cli-stage.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

/** Blocks that start the reference app, which other tests do. */
const STARTS_AN_APP = /node dist\/main\.js/;

/** The command lines of a page, in their order. */
function commandsOf(page: string): readonly string[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/```bash\n(.*?)```/gs)].map(([, text = '']) => text);
  return blocks
    .filter((block) => !STARTS_AN_APP.test(block))
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** A server that is down whatever is sent. */
class DownTransport extends MessageTransport {
  override async deliver(): Promise<never> {
    return Promise.reject(new UnrecoverableJobError('connect ETIMEDOUT 10.0.0.5:443'));
  }
}

describe('the commands of the runbook', () => {
  const PREFIX = 'runbook';
  const apps = new HostApps();
  let redis: TestRedis;
  let client: Redis;
  let cli: CliStage;

  beforeAll(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes', '--maxmemory', '500mb']);
    client = redis.client();
    cli = new CliStage({ REDIS_URL: redis.url, QUEUE_PREFIX: PREFIX });
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ environment: 'test', provider: 'redis', prefix: PREFIX, acceptInMemory: true },
          redis: { host: '127.0.0.1', port: redis.port },
          cleanup: { schedules: true },
          adapters: [{ provide: MessageTransport, useClass: DownTransport }],
        }),
      ],
    });
    const announced = BUILT_IN_QUEUES.map(({ name, jobs }) => ({
      ...announcement(name),
      jobs: Object.keys(jobs),
    }));
    await app.get(Broker, { strict: false }).activity.flush(batch('a', 1, { announced }));
    const service = app.get(MessageQueueService);
    const createdAt = new Date();
    const message = { senderId: 'ada', content: 'Hello', conversationId: 'c1', requiresEncryption: false };
    for (const recipientId of ['ben', 'cleo', 'dan']) {
      await service.addMessageDeliveryJob({
        messageId: `m-${recipientId}`,
        recipientId,
        createdAt,
        ...message,
      });
    }
    const letters = (): Promise<readonly unknown[]> => service.getFailedJobs(QueueName.MESSAGE_DELIVERY);
    await waitUntil(async () => (await letters()).length === 3, 'three dead letters');
    const declared = async (): Promise<boolean> =>
      (await service.schedules.list()).some(({ key }) => key === 'old_messages');
    await waitUntil(declared, 'the schedules');
  });
  afterAll(async () => {
    await apps.close();
    client.disconnect();
    await redis.stop();
  });

  const commands = commandsOf('docs/operations.md');

  it('are there', () => {
    expect(commands.length).toBeGreaterThan(30);
  });

  it.each(commands.map((command) => [command]))('%s', async (command) => {
    const [program = '', ...args] = command.split(' ');
    if (program === 'redis-cli') {
      const [name = '', ...rest] = args;
      await expect(client.call(name, ...rest)).resolves.toBeDefined();
      return;
    }
    expect([program, args[0]]).toEqual(['npx', 'nestjs-message-queue']);
    const { code, err } = await cli.run(args.slice(1));
    // They say in their exit code that something needs attention, and something does.
    const isJudge = args[1] === 'health' || args[1] === 'check';
    expect({ code: isJudge && code <= 2 ? 0 : code, err }).toEqual({ code: 0, err: '' });
  });
});
