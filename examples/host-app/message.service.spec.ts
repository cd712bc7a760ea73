import { Test } from '@nestjs/testing';
import { QueueName } from 'nestjs-message-queue';
import { MessageTransport } from 'nestjs-message-queue/ports';
import { MessageQueueTestingModule, MessageQueueTestKit } from 'nestjs-message-queue/testing';
import { MessageService } from './message.service.js';

it('delivers a message, also when the line drops once', async () => {
  const imports = [MessageQueueTestingModule.register()];
  const app = await Test.createTestingModule({ imports, providers: [MessageService] }).compile();
  await app.init();
  const kit = app.get(MessageQueueTestKit);
  kit.fail(MessageTransport, 'deliver');
  const ids = { messageId: 'm1', senderId: 'ada', recipientId: 'grace', conversationId: 'c1' };
  await app.get(MessageService).send({ ...ids, content: 'Hello!', createdAt: new Date() });
  await kit.assertEnqueued({ queue: QueueName.MESSAGE_DELIVERY, payload: { recipientId: 'grace' } });
  expect(await kit.drain()).toMatchObject({ completed: 2, retrying: 1 });
  expect(await kit.advance('2s')).toMatchObject({ completed: 1 });
  await app.close();
});
