import { defineQueue } from '../../jobs/queue-definition.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import { MessageStore } from '../../ports/messages/message-store.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import { QueueName } from '../queue-name.js';
import { DeliveryConfirmationJobDto } from './delivery-confirmation-job.dto.js';
import { SendMessageJobDto } from './send-message-job.dto.js';

/** `message-delivery`: 10 at a time, 5 attempts, 2 s → 4 → 8 → 16, 30 s each. */
export const DELIVERY_QUEUE = defineQueue({
  name: QueueName.MESSAGE_DELIVERY,
  description: 'Delivers messages to recipients and keeps their status: sent, delivered, read, failed.',
  jobs: {
    'send-message': SendMessageJobDto,
    'delivery-confirmation': DeliveryConfirmationJobDto,
  },
  ports: [MessageTransport, MessageStore, KeyProvider],
  sealed: true,
  concurrency: 10,
  attempts: 5,
  backoff: { type: 'exponential', delayMs: 2_000 },
  timeoutMs: 30_000,
});
