import { defineQueue } from '../../jobs/queue-definition.js';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { QueueName } from '../queue-name.js';
import { BatchMessageJobDto } from './batch-message-job.dto.js';

/** `batch-message-sending`: 2 at a time, 3 attempts, 5 s → 10, 5 minutes each. */
export const BATCH_QUEUE = defineQueue({
  name: QueueName.BATCH_MESSAGE_SENDING,
  description: 'Sends one message to many recipients, chunk by chunk.',
  jobs: { 'batch-send': BatchMessageJobDto },
  ports: [BatchProgressStore],
  sealed: true,
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 5_000 },
  timeoutMs: 5 * 60_000,
});
