import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { freePort } from '../support/redis-server.js';

/** In the content; long enough that no chance makes it. */
const MARKER = 'MARKER7f3aQUINCE';

describe('Jobs that wait on disk for Redis', () => {
  const apps = new HostApps();
  const directory = mkdtempSync(join(tmpdir(), 'mq-spooled-content-'));
  afterEach(() => apps.close());
  afterAll(() => rmSync(directory, { recursive: true }));

  /** Adds a message while no Redis is there. @returns all that the spool has on disk meanwhile */
  async function spooled(name: string, privacy: MessageQueueModuleOptions['privacy']): Promise<string> {
    const place = join(directory, name);
    const module = MessageQueueModule.forRoot({
      ...{ provider: 'redis', environment: 'test', privacy },
      redis: { host: '127.0.0.1', port: await freePort() },
      ...{ whenUnavailable: 'spool', spool: { directory: place } },
    });
    const service = (await apps.start({ imports: [module] })).get(MessageQueueService);
    await service.addMessageDeliveryJob(
      {
        ...{ messageId: 'm-readable', senderId: 'ada', recipientId: 'ben', conversationId: 'c-1' },
        ...{ content: MARKER, createdAt: new Date() },
      },
      { idempotencyKey: 'once' },
    );
    expect((await service.getQueueHealth(QueueName.MESSAGE_DELIVERY)).spooled?.jobs).toBe(1);
    return readdirSync(place)
      .map((file) => readFileSync(join(place, file), 'latin1'))
      .join('\n');
  }

  it('lie there as they will lie in Redis: readable fields in plain text, content sealed', async () => {
    const files = await spooled('sealed', { sealing: 'on' });
    expect(files).toContain('m-readable');
    expect(files.includes(MARKER)).toBe(false);
  });

  it('the same look finds their content where sealing is off', async () => {
    const files = await spooled('plain', { sealing: 'off' });
    expect(files.includes(MARKER)).toBe(true);
  });
});
