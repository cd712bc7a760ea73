import type { Job } from 'bull';
import type { CancelOutcome } from './broker/broker.js';
import type { ManagedQueues } from './broker/managed-queues.js';
import type { ReplayOptions, ReplayReport } from './dead-letter/changes/run-options.js';
import type { DeadLetterService } from './dead-letter/dead-letter.service.js';
import type { DeadLetter } from './dead-letter/dead-letter.js';
import type { DeadLetterFilter } from './dead-letter/dead-letter-filter.js';
import type { BatchEnqueuer, BatchReceipt } from './facade/batch/batch-enqueuer.js';
import type { BatchStatusReader, BatchStatus } from './facade/batch/batch-status.js';
import type { BuiltInPayloads as Payloads } from './facade/built-in-payloads.js';
import { checkedId } from './facade/call-arguments.js';
import { FleetCalls } from './fleet-calls.js';
import type { FleetParts } from './fleet-calls.js';
import type { JobEnqueuer } from './facade/job-enqueuer.js';
import type { BulkJob, BulkReceipt, JobReceipt } from './facade/job-receipt.js';
import type { JobStatus } from './facade/job-status.js';
import type { JobStatusReader } from './facade/job-status-reader.js';
import type { PayloadInput } from './facade/payload-input.js';
import type { QueueAdministration, CleanOptions } from './facade/queue-administration.js';
import type { Groups } from './groups/groups.js';
import type { EnqueueOptions } from './admission/job-options.js';
import type { JobNameOf, QueueDefinition } from './jobs/queue-definition.js';
import type { PrivacyCall } from './privacy/audit/privacy-call.js';
import type { Readiness } from './worker/readiness.js';
import {
  BATCH_QUEUE,
  CLEANUP_QUEUE,
  DELIVERY_QUEUE,
  ENCRYPTION_QUEUE,
  INDEXING_QUEUE,
  NOTIFICATION_QUEUE,
} from './queues/queue-definitions.js';

/**
 * Everything a host does with its queues. Every add checks options and payload first and then lands once, or rejects within its deadline with
 * `InvalidPayloadError`, `InvalidJobOptionsError`, `QueueFullError`, `IdempotencyConflictError`,
 * `BrokerUnavailableError` (certainly not added) or `EnqueueTimeoutError` (unknown: the same call with the same
 * idempotency key or job id is safe to repeat). A queue's name that is not registered is an `UnknownQueueError`. What is done to queues and jobs
 * that are there is written to the audit; what cannot be taken back is refused where it cannot be (`AuditUnavailableError`). No add is.
 */
export class MessageQueueService extends FleetCalls {
  readonly #queues: ManagedQueues;

  constructor(
    private readonly enqueuer: JobEnqueuer,
    private readonly batches: BatchEnqueuer,
    private readonly batchStatus: BatchStatusReader,
    private readonly jobStatus: JobStatusReader,
    private readonly administration: QueueAdministration,
    private readonly deadLetters: DeadLetterService,
    private readonly readiness: Readiness,
    /** The groups of all queues, of their keys, tenants and batches: listed, paused, released. */
    readonly groups: Groups,
    fleet: FleetParts,
  ) {
    super(fleet);
    this.#queues = fleet.queues;
  }

  /** What a readiness probe asks: true once the app has started, until it is told to stop, whether Redis answers or not. */
  get isReady(): boolean {
    return this.readiness.isReady;
  }

  /** Delivers one message to one recipient. */
  addMessageDeliveryJob(payload: Payloads['send-message'], options?: EnqueueOptions): Promise<JobReceipt> {
    return this.enqueue(DELIVERY_QUEUE, 'send-message', payload, options);
  }

  /** Delivers many messages. */
  addMessageDeliveryJobs(jobs: readonly BulkJob<Payloads['send-message']>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(DELIVERY_QUEUE, 'send-message', jobs);
  }

  /** Notes how far one recipient's copy of a message has come. */
  addDeliveryConfirmationJob(
    payload: Payloads['delivery-confirmation'],
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueue(DELIVERY_QUEUE, 'delivery-confirmation', payload, options);
  }

  /** Notes many confirmations. */
  addDeliveryConfirmationJobs(
    jobs: readonly BulkJob<Payloads['delivery-confirmation']>[],
  ): Promise<BulkReceipt[]> {
    return this.enqueueMany(DELIVERY_QUEUE, 'delivery-confirmation', jobs);
  }

  /** Notifies one recipient on one channel. */
  addNotificationJob(payload: Payloads['send-notification'], options?: EnqueueOptions): Promise<JobReceipt> {
    return this.enqueue(NOTIFICATION_QUEUE, 'send-notification', payload, options);
  }

  /** Notifies many recipients. */
  addNotificationJobs(jobs: readonly BulkJob<Payloads['send-notification']>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(NOTIFICATION_QUEUE, 'send-notification', jobs);
  }

  /** Indexes, updates or deletes one message in the search index. */
  addIndexingJob(payload: Payloads['index-message'], options?: EnqueueOptions): Promise<JobReceipt> {
    return this.enqueue(INDEXING_QUEUE, 'index-message', payload, options);
  }

  /** Indexes many messages. */
  addIndexingJobs(jobs: readonly BulkJob<Payloads['index-message']>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(INDEXING_QUEUE, 'index-message', jobs);
  }

  /** Encrypts or decrypts one message. */
  addEncryptionJob(payload: Payloads['encrypt-decrypt'], options?: EnqueueOptions): Promise<JobReceipt> {
    return this.enqueue(ENCRYPTION_QUEUE, 'encrypt-decrypt', payload, options);
  }

  /** Encrypts or decrypts many messages. */
  addEncryptionJobs(jobs: readonly BulkJob<Payloads['encrypt-decrypt']>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(ENCRYPTION_QUEUE, 'encrypt-decrypt', jobs);
  }

  /**
   * Sends one message to many recipients, chunk by chunk. An audience that one job cannot carry is split into several
   * that share a `batchId`; all are checked before the first is added.
   * @throws BatchIncompleteError when only a part could be added; the same call with its `batchId` adds the rest
   */
  addBatchMessageJob(payload: Payloads['batch-send'], options?: EnqueueOptions): Promise<BatchReceipt> {
    return this.batches.add(payload, options);
  }

  /** The progress of a batch; null when nothing of it has begun, or it is unknown. */
  getBatchStatus(batchId: string): Promise<BatchStatus | null> {
    return this.batchStatus.read(batchId);
  }

  /** Sends many batches, each of one job. */
  addBatchMessageJobs(jobs: readonly BulkJob<Payloads['batch-send']>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(BATCH_QUEUE, 'batch-send', jobs);
  }

  /** Removes what is too old; usually with `{ repeat: { cron } }`. */
  addCleanupJob(payload: Payloads['cleanup-messages'], options?: EnqueueOptions): Promise<JobReceipt> {
    return this.enqueue(CLEANUP_QUEUE, 'cleanup-messages', payload, options);
  }

  /** Adds many cleanups. */
  addCleanupJobs(jobs: readonly BulkJob<Payloads['cleanup-messages']>[]): Promise<BulkReceipt[]> {
    return this.enqueueMany(CLEANUP_QUEUE, 'cleanup-messages', jobs);
  }

  /** Adds a job to any registered queue, a host's own included. */
  enqueue<D extends QueueDefinition, N extends JobNameOf<D>>(
    definition: D,
    jobName: N,
    payload: PayloadInput<D, N>,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    return this.enqueuer.add(definition.name, jobName, payload, options);
  }

  /** Adds many jobs of one name; outcomes in their order. The call rejects only when the queue or the list is wrong. */
  enqueueMany<D extends QueueDefinition, N extends JobNameOf<D>>(
    definition: D,
    jobName: N,
    jobs: readonly BulkJob<PayloadInput<D, N>>[],
  ): Promise<BulkReceipt[]> {
    return this.enqueuer.addMany(definition.name, jobName, jobs);
  }

  /** Bull's job, or null when there is none of this id (any more). @throws BrokerUnavailableError within 2 s */
  getJob(queue: string, jobId: string): Promise<Job | null> {
    return this.jobStatus.job(queue, jobId);
  }

  /** How a job is doing. @throws JobNotFoundError, BrokerUnavailableError when the broker does not answer within 2 s */
  getJobStatus(queue: string, jobId: string): Promise<JobStatus> {
    return this.jobStatus.read(queue, jobId);
  }

  /**
   * Cancels a job: one that waits is not run, one that runs is aborted, in whichever process. It ends failed with
   * `CancelledError`; replays of many leave it out.
   * @param reason for people, kept with the job; `call` is for the audit
   * @throws BrokerUnavailableError when the broker does not answer within 2 s; the same call again is safe
   */
  cancelJob(queue: string, jobId: string, reason: string, call?: PrivacyCall): Promise<CancelOutcome> {
    return this.administration.cancel(queue, jobId, reason, call);
  }

  /** No worker starts jobs of this queue until it is resumed; active ones go on. */
  pauseQueue(queue: string, call?: PrivacyCall): Promise<void> {
    return this.administration.pause(queue, call);
  }

  /** Lets workers start jobs of this queue again. */
  resumeQueue(queue: string, call?: PrivacyCall): Promise<void> {
    return this.administration.resume(queue, call);
  }

  /** Removes finished jobs, 1 000 at a time. @returns how many @throws InvalidJobOptionsError */
  cleanQueue(queue: string, options?: CleanOptions, call?: PrivacyCall): Promise<number> {
    return this.administration.clean(queue, options, call);
  }

  /** Removes every job that waits or is delayed; active ones go on, and schedules plan their runs again. @returns how many */
  purgeQueue(queue: string, call?: PrivacyCall): Promise<number> {
    return this.administration.purge(queue, call);
  }

  /** The dead letters of a queue, newest first. `DeadLetterService` filters and pages. */
  async getFailedJobs(queue: string, limit = 100): Promise<readonly DeadLetter[]> {
    this.#queues.get(queue);
    return (await this.deadLetters.list({ queue, limit })).letters;
  }

  /** Puts one dead letter back to waiting. @throws JobNotFoundError, JobStateError when the job has not failed */
  async retryFailedJob(queue: string, jobId: string, by = 'app', reason?: string): Promise<void> {
    this.#queues.get(queue);
    await this.deadLetters.replay(queue, checkedId(jobId, 'jobId', queue), by, reason);
  }

  /** Puts the dead letters of a queue back to waiting: all but cancelled ones, or those that the filter means. */
  async retryFailedJobs(
    queue: string,
    filter: Omit<DeadLetterFilter, 'queue'> = {},
    options: Partial<ReplayOptions> = {},
  ): Promise<ReplayReport> {
    this.#queues.get(queue);
    return this.deadLetters.replayMatching({ ...filter, queue }, { by: 'app', ...options });
  }

  /** Removes one dead letter for good. @throws JobNotFoundError, JobStateError when the job has not failed */
  async removeFailedJob(queue: string, jobId: string, call?: PrivacyCall): Promise<void> {
    this.#queues.get(queue);
    await this.deadLetters.discard(queue, checkedId(jobId, 'jobId', queue), call);
  }
}
