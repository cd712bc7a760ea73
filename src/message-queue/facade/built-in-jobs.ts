import type { EnqueueOptions } from '../admission/job-options.js';
import type { JobNameOf, QueueDefinition } from '../jobs/queue-definition.js';
import {
  BATCH_QUEUE,
  CLEANUP_QUEUE,
  DELIVERY_QUEUE,
  ENCRYPTION_QUEUE,
  INDEXING_QUEUE,
  NOTIFICATION_QUEUE,
} from '../queues/queue-definitions.js';
import type { BulkJob, BulkReceipt, JobReceipt } from './job-receipt.js';
import type { PayloadInput } from './payload-input.js';

type Delivery = typeof DELIVERY_QUEUE;
type Notification = typeof NOTIFICATION_QUEUE;
type Indexing = typeof INDEXING_QUEUE;
type Encryption = typeof ENCRYPTION_QUEUE;
type Batch = typeof BATCH_QUEUE;
type Cleanup = typeof CLEANUP_QUEUE;

/** The adds of the six queues' jobs, one by one and in bulk: typed names for `enqueue` and `enqueueMany`. */
export abstract class BuiltInJobs {
  abstract enqueue<D extends QueueDefinition, N extends JobNameOf<D>>(
    definition: D,
    jobName: N,
    payload: PayloadInput<D, N>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt>;

  abstract enqueueMany<D extends QueueDefinition, N extends JobNameOf<D>>(
    definition: D,
    jobName: N,
    jobs: readonly BulkJob<PayloadInput<D, N>>[],
  ): Promise<BulkReceipt[]>;

  /** Delivers one message to one recipient. */
  addMessageDeliveryJob(
    payload: PayloadInput<Delivery, 'send-message'>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueue(DELIVERY_QUEUE, 'send-message', payload, options);
  }

  /** Delivers many messages. */
  addMessageDeliveryJobs(
    jobs: readonly BulkJob<PayloadInput<Delivery, 'send-message'>>[],
  ): Promise<BulkReceipt[]> {
    return this.enqueueMany(DELIVERY_QUEUE, 'send-message', jobs);
  }

  /** Notes how far one recipient's copy of a message has come. */
  addDeliveryConfirmationJob(
    payload: PayloadInput<Delivery, 'delivery-confirmation'>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueue(DELIVERY_QUEUE, 'delivery-confirmation', payload, options);
  }

  /** Notes many confirmations. */
  addDeliveryConfirmationJobs(
    jobs: readonly BulkJob<PayloadInput<Delivery, 'delivery-confirmation'>>[],
  ): Promise<BulkReceipt[]> {
    return this.enqueueMany(DELIVERY_QUEUE, 'delivery-confirmation', jobs);
  }

  /** Notifies one recipient on one channel. */
  addNotificationJob(
    payload: PayloadInput<Notification, 'send-notification'>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueue(NOTIFICATION_QUEUE, 'send-notification', payload, options);
  }

  /** Notifies many recipients. */
  addNotificationJobs(
    jobs: readonly BulkJob<PayloadInput<Notification, 'send-notification'>>[],
  ): Promise<BulkReceipt[]> {
    return this.enqueueMany(NOTIFICATION_QUEUE, 'send-notification', jobs);
  }

  /** Indexes, updates or deletes one message in the search index. */
  addIndexingJob(
    payload: PayloadInput<Indexing, 'index-message'>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueue(INDEXING_QUEUE, 'index-message', payload, options);
  }

  /** Indexes many messages. */
  addIndexingJobs(jobs: readonly BulkJob<PayloadInput<Indexing, 'index-message'>>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(INDEXING_QUEUE, 'index-message', jobs);
  }

  /** Encrypts or decrypts one message. */
  addEncryptionJob(
    payload: PayloadInput<Encryption, 'encrypt-decrypt'>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueue(ENCRYPTION_QUEUE, 'encrypt-decrypt', payload, options);
  }

  /** Encrypts or decrypts many messages. */
  addEncryptionJobs(
    jobs: readonly BulkJob<PayloadInput<Encryption, 'encrypt-decrypt'>>[],
  ): Promise<BulkReceipt[]> {
    return this.enqueueMany(ENCRYPTION_QUEUE, 'encrypt-decrypt', jobs);
  }

  /** Sends many batches, each of one job. */
  addBatchMessageJobs(jobs: readonly BulkJob<PayloadInput<Batch, 'batch-send'>>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(BATCH_QUEUE, 'batch-send', jobs);
  }

  /** Removes what is too old; usually with `{ repeat: { cron } }`. */
  addCleanupJob(
    payload: PayloadInput<Cleanup, 'cleanup-messages'>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueue(CLEANUP_QUEUE, 'cleanup-messages', payload, options);
  }

  /** Adds many cleanups. */
  addCleanupJobs(
    jobs: readonly BulkJob<PayloadInput<Cleanup, 'cleanup-messages'>>[],
  ): Promise<BulkReceipt[]> {
    return this.enqueueMany(CLEANUP_QUEUE, 'cleanup-messages', jobs);
  }
}
