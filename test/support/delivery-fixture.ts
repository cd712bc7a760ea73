import 'reflect-metadata';
import { deletionGate } from './deletion-gate.js';
import type { Plain } from './plain.js';
import { NodeMessageCipher } from '../../src/message-queue/adapters/node-crypto/index.js';
import {
  InMemoryConversationStore,
  InMemoryMessages,
  InMemoryMessageStore,
  InMemoryMessageTransport,
} from '../../src/message-queue/adapters/in-memory/index.js';
import type { DeliveryStatus } from '../../src/message-queue/ports/messages/delivery-status.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { MessageDeliveryProcessor } from '../../src/message-queue/queues/delivery/delivery.processor.js';
import type { SendMessageJobDto } from '../../src/message-queue/queues/delivery/send-message-job.dto.js';
import { ManualCircuitBreakers } from '../../src/message-queue/testing/manual-circuit-breakers.js';
import { KeyRing } from './key-ring.js';
import { recorded } from '../../src/message-queue/testing/recorded.js';

export const SECRET = 'meet me at the harbour';
export const message: Plain<SendMessageJobDto> = {
  ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'ben', conversationId: 'c-1' },
  ...{ content: SECRET, createdAt: new Date('2026-01-01T00:00:00Z') },
};

export function setUp() {
  const clock = new ManualClock();
  const transport = recorded(new InMemoryMessageTransport());
  const breakers = new ManualCircuitBreakers();
  const data = new InMemoryMessages();
  const conversations = new InMemoryConversationStore(data);
  const store = recorded(new InMemoryMessageStore(data));
  const keys = recorded(new KeyRing());
  keys.rotate({ id: 'k-1', secret: Buffer.alloc(32, 1) });
  const cipher = new NodeMessageCipher(keys);
  const processor = new MessageDeliveryProcessor(
    transport,
    store,
    cipher,
    clock,
    breakers,
    deletionGate(data),
  );
  const statusOf = async (recipientId = 'ben'): Promise<DeliveryStatus | undefined> =>
    (await store.findStatus('m-1', recipientId))?.status;
  return { clock, breakers, transport, store, conversations, keys, cipher, processor, statusOf };
}
