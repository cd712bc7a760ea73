import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { JobTimeoutError, MessageQueueService, NotificationType } from '../index.js';
import {
  CircuitBreakers,
  DeliveryDispatch,
  EmailChannel,
  MessageCipher,
  MessageTransport,
} from '../ports/index.js';
import type { TransportMessage, TransportReceipt } from '../ports/index.js';
import { ManualCircuitBreakers, MessageQueueTestingModule, MessageQueueTestKit } from './index.js';
import { MessageService, startTestKit } from '../../../test/support/message-queue-test-kit-fixture.js';

describe('failures that MessageQueueTestKit plans', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let service: MessageService;

  beforeEach(async () => {
    ({ app, kit, service } = await startTestKit());
  });

  afterEach(() => app.close());

  it('lets a call of a port hang until the timeout, without waiting for it', async () => {
    await service.send('m1');
    kit.fail(MessageTransport, 'deliver', 'hang');
    const before = Date.now();
    const report = await kit.drain();
    expect(report.runs[0]).toMatchObject({ outcome: 'retrying', delayMs: 2_000 });
    expect(report.runs[0]?.error).toBeInstanceOf(JobTimeoutError);
    // The timeout is half a minute.
    expect(Date.now() - before).toBeLessThan(15_000);
  });

  it("makes a host's own adapter fail, and lets its other calls through", async () => {
    const handed: string[] = [];
    let closed = 0;
    class OwnTransport extends MessageTransport {
      readonly #name = 'own';
      override async deliver({ messageId }: TransportMessage): Promise<TransportReceipt> {
        handed.push(`${this.#name} ${messageId}`);
        return Promise.resolve({ outcome: 'delivered', reached: 1 });
      }
      onModuleDestroy(): void {
        closed += 1;
      }
    }
    const own = await Test.createTestingModule({
      imports: [
        MessageQueueTestingModule.register({
          adapters: [
            { provide: MessageTransport, useClass: OwnTransport },
            { provide: CircuitBreakers, useClass: ManualCircuitBreakers },
          ],
        }),
      ],
      providers: [MessageService],
    }).compile();
    await own.init();
    const ownKit = own.get(MessageQueueTestKit);
    ownKit.fail(MessageTransport, 'deliver', new Error('no line'), { after: 1 });
    await own.get(MessageService).send('m1');
    await own.get(MessageService).send('m2');
    expect(await ownKit.drain()).toMatchObject({ completed: 1, retrying: 1 });
    expect(handed).toEqual(['own m1']);
    expect(await ownKit.advance('2s')).toMatchObject({ completed: 1 });
    expect(handed).toEqual(['own m1', 'own m2']);
    const calls = ownKit.callsOf(MessageTransport, 'deliver');
    expect(calls.map(({ args: [message] }) => message.messageId)).toEqual(['m1', 'm2', 'm2']);
    await own.close();
    expect(closed).toBe(1);
  });

  it('says so when the calls of a class are not recorded', () => {
    expect(() => kit.callsOf(MessageQueueService, 'getJob')).toThrow(
      'The calls of MessageQueueService are not recorded',
    );
  });

  it("makes the library's own adapters fail, those of cipher and batches", async () => {
    const createdAt = new Date();
    const service = app.get(MessageQueueService);
    kit.fail(DeliveryDispatch, 'dispatchMany');
    kit.fail(MessageCipher, 'seal');
    await service.addBatchMessageJob({
      senderId: 'ada',
      recipientIds: ['a', 'b'],
      content: 'News',
      createdAt,
    });
    await service.addEncryptionJob({ messageId: 'm1', operation: 'encrypt', content: 'Hello!', createdAt });
    expect(await kit.drain()).toMatchObject({ completed: 0, retrying: 2 });
    expect(await kit.advance('5s')).toMatchObject({ completed: 4 });
    expect(kit.callsOf(DeliveryDispatch, 'dispatchMany').map(({ args: [chunk] }) => chunk.length)).toEqual([
      2, 2,
    ]);
  });

  it('lets a channel time out', async () => {
    kit.fail(EmailChannel, 'send', 'time-out');
    await app.get(MessageQueueService).addNotificationJob({
      recipientId: 'grace',
      type: NotificationType.EMAIL,
      emailAddress: 'grace@example.org',
      title: 'Hello',
      message: 'A message waits for you.',
      createdAt: new Date(),
    });
    const report = await kit.advance('5s');
    expect(report.runs.map(({ outcome }) => outcome)).toEqual(['retrying', 'completed']);
  });
});
