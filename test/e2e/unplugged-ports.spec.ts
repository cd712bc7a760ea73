import type { INestApplication } from '@nestjs/common';
import { InMemoryMessageTransport } from '../../src/message-queue/adapters/in-memory/index.js';
import {
  InvalidConfigurationError,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { MessageTransport, SearchIndex } from '../../src/message-queue/ports/index.js';
import type { TransportReceipt } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';

class OwnTransport extends MessageTransport {
  override deliver(): Promise<TransportReceipt> {
    return Promise.resolve({ outcome: 'sent', reached: 1 });
  }
}

class CountingTransport extends InMemoryMessageTransport {}

describe('ports that nobody plugged in', () => {
  let apps: HostApps;
  beforeEach(() => (apps = new HostApps()));
  afterEach(() => apps.close());

  const start = (options: MessageQueueModuleOptions): Promise<INestApplication> =>
    apps.start({
      imports: [MessageQueueModule.forRoot({ provider: 'memory', privacy: { sealing: 'off' }, ...options })],
    });
  const refusal = async (options: MessageQueueModuleOptions): Promise<unknown> =>
    start({ environment: 'production', ...options }).catch((error: unknown) => error);
  const served = (): string[] =>
    apps.logger.lines
      .map((line) => line.replaceAll(/\n {6}/g, ' '))
      .filter((line) => line.includes('\n  - In memory: '));

  it('stop the start in production, which says which queues use them', async () => {
    const error = await refusal({});
    expect(error).toBeInstanceOf(InvalidConfigurationError);
    expect(String(error)).toContain('- MessageTransport: used by "message-delivery"');
    expect(String(error)).toContain('- SearchIndex: used by "message-indexing", "message-cleanup"');
    expect(String(error)).not.toContain('TemplateRenderer');
  });

  it('are no longer those that the host gave an adapter, or accepts', async () => {
    const adapters = [{ provide: MessageTransport, useClass: OwnTransport }];
    const error = String(await refusal({ adapters, acceptInMemory: [SearchIndex, 'KeyProvider'] }));
    for (const port of ['MessageTransport', 'SearchIndex', 'KeyProvider'])
      expect(error).not.toContain(`- ${port}:`);
    expect(error).toContain('- MessageStore:');
    const own = [{ provide: MessageTransport, useClass: CountingTransport }];
    expect(String(await refusal({ adapters: own }))).toContain('- MessageTransport:');
  });

  it('start when all are accepted, and are named once', async () => {
    await start({ environment: 'production', acceptInMemory: true });
    expect(served()).toHaveLength(1);
  });

  it('must be called by their names', async () => {
    expect(String(await refusal({ acceptInMemory: ['MessageStor'] }))).toContain(
      'Did you mean "MessageStore"?',
    );
    expect(String(await refusal({ acceptInMemory: 7 as never }))).toContain('must be true, or ports such as');
  });

  it('do not concern a producer: its workers answer for their own', async () => {
    await start({ environment: 'production', role: 'producer' });
    expect(served()).toEqual([]);
  });

  it('are named once in development, and make the queues that use them degraded', async () => {
    const app = await start({ environment: 'development', acceptInMemory: [SearchIndex] });
    expect(served()).toEqual([expect.stringContaining('In memory: MessageTransport, MessageStore')]);
    const service = app.get(MessageQueueService);
    expect(await service.getQueueHealth(QueueName.MESSAGE_DELIVERY)).toMatchObject({
      ...{ status: 'degraded', healthy: true },
      reasons: [{ code: 'UNPLUGGED_PORT', message: expect.stringContaining('MessageStore') as string }],
    });
    expect(await service.getQueueHealth(QueueName.MESSAGE_INDEXING)).toMatchObject({ status: 'healthy' });
  });
});
