import 'reflect-metadata';
import { JOB_HANDLER_METADATA } from '../handlers/job-handler.decorator.js';
import type { JobHandlerMetadata } from '../handlers/job-handler.decorator.js';
import { BUILT_IN_PROCESSORS } from './built-in-processors.js';
import { BUILT_IN_QUEUES, QueueName, isQueueName } from './queue-definitions.js';

describe('the six queues', () => {
  it('have exactly the numbers of the table', () => {
    const rows = BUILT_IN_QUEUES.map(({ name, jobs, concurrency, attempts, backoff, timeoutMs }) => [
      name,
      Object.keys(jobs).join(),
      concurrency,
      attempts,
      `${backoff.type} ${backoff.delayMs}`,
      timeoutMs,
    ]);
    expect(rows).toEqual([
      ['message-delivery', 'send-message,delivery-confirmation', 10, 5, 'exponential 2000', 30_000],
      ['message-notification', 'send-notification,send-digest', 15, 3, 'exponential 1000', 20_000],
      ['message-indexing', 'index-message,reindex-messages', 3, 3, 'exponential 3000', 60_000],
      ['message-encryption', 'encrypt-decrypt', 5, 3, 'exponential 2000', 45_000],
      ['batch-message-sending', 'batch-send', 2, 3, 'exponential 5000', 300_000],
      ['message-cleanup', 'cleanup-messages,erase-traces', 1, 2, 'fixed 10000', 600_000],
    ]);
    expect(rows.map(([name]) => name)).toEqual(Object.values(QueueName));
  });

  it('are all sealed', () => {
    expect(BUILT_IN_QUEUES.filter(({ sealed }) => sealed !== true)).toEqual([]);
  });

  it('have one handler for each job name, on the method that DESIGN.md names', () => {
    const handlers = BUILT_IN_PROCESSORS.flatMap((type) =>
      Object.getOwnPropertyNames(type.prototype).flatMap((method) => {
        const value = (type.prototype as Record<string, unknown>)[method];
        const metadata =
          typeof value === 'function'
            ? (Reflect.getMetadata(JOB_HANDLER_METADATA, value) as JobHandlerMetadata | undefined)
            : undefined;
        return metadata === undefined ? [] : [`${metadata.jobName}: ${type.name}.${method}`];
      }),
    );
    expect(handlers).toEqual([
      'send-message: MessageDeliveryProcessor.processSendMessage',
      'delivery-confirmation: MessageDeliveryProcessor.processDeliveryConfirmation',
      'send-notification: MessageNotificationProcessor.processNotification',
      'send-digest: DigestProcessor.processDigest',
      'index-message: MessageIndexingProcessor.processIndexing',
      'reindex-messages: ReindexProcessor.processReindex',
      'encrypt-decrypt: MessageEncryptionProcessor.processEncryption',
      'batch-send: BatchMessageProcessor.processBatch',
      'cleanup-messages: MessageCleanupProcessor.processCleanup',
      'erase-traces: EraseTracesProcessor.processErasure',
    ]);
    const jobs = BUILT_IN_QUEUES.flatMap((definition) => Object.keys(definition.jobs));
    expect(handlers.map((handler) => handler.split(':')[0])).toEqual(jobs);
  });

  it('guards their names', () => {
    expect(isQueueName('message-delivery')).toBe(true);
    expect(isQueueName('MESSAGE_DELIVERY')).toBe(false);
    expect(isQueueName(undefined)).toBe(false);
  });
});
