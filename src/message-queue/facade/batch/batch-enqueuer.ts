import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { BatchIncompleteError, InvalidJobOptionsError } from '../../jobs/errors.js';
import type { EnqueueOptions } from '../../admission/job-options.js';
import type { BatchMessageJobDto } from '../../queues/batch/batch-message-job.dto.js';
import { BATCH_QUEUE } from '../../queues/queue-definitions.js';
import { batchSegments, fitsOneJob } from './batch-segments.js';
import { JobEnqueuer } from '../job-enqueuer.js';
import type { JobReceipt } from '../job-receipt.js';

/** That a batch was taken. The receipt's own fields are those of its first job. */
export interface BatchReceipt extends JobReceipt {
  /** For `getBatchStatus`. */
  readonly batchId: string;
  /** The jobs that the audience was split into, in its order; mostly one. */
  readonly segments: readonly JobReceipt[];
}

const JOB = 'batch-send';
const PLACE = { queue: BATCH_QUEUE.name, job: JOB };

/** Adds batches; an audience that one job cannot carry becomes several that share a `batchId`. */
@Injectable()
export class BatchEnqueuer {
  constructor(
    private readonly enqueuer: JobEnqueuer,
    private readonly queues: ManagedQueues,
  ) {}

  /** @throws what `MessageQueueService.enqueue` throws; BatchIncompleteError when only a part could be added */
  async add(payload: BatchMessageJobDto, options: EnqueueOptions = {}): Promise<BatchReceipt> {
    const { maxPayloadBytes } = this.queues.get(BATCH_QUEUE.name).definition;
    const isObject = typeof (payload as unknown) === 'object' && (payload as unknown) !== null;
    if (!isObject || fitsOneJob(payload, maxPayloadBytes)) {
      const receipt = await this.enqueuer.add(BATCH_QUEUE.name, JOB, payload, options);
      return { ...receipt, batchId: payload.batchId ?? receipt.id, segments: [receipt] };
    }
    refuseOptionsOfOneJob(options);
    const batchId = payload.batchId ?? batchIdFor(options);
    const segments = (): Iterable<BatchMessageJobDto> => batchSegments(payload, batchId, maxPayloadBytes);
    // All are checked before the first is added: half a batch helps nobody.
    for (const segment of segments()) await this.enqueuer.check(BATCH_QUEUE.name, JOB, segment, options);
    const isNamed = payload.batchId !== undefined || options.idempotencyKey !== undefined;
    return this.#addAll(segments(), batchId, options, isNamed);
  }

  async #addAll(
    segments: Iterable<BatchMessageJobDto>,
    batchId: string,
    options: EnqueueOptions,
    isNamed: boolean,
  ): Promise<BatchReceipt> {
    const receipts: JobReceipt[] = [];
    for (const segment of segments) {
      const own = { ...options, idempotencyKey: `batch:${batchId}:${String(segment.segment)}` };
      try {
        receipts.push(await this.enqueuer.add(BATCH_QUEUE.name, JOB, segment, own));
      } catch (cause) {
        // With a name of its own, the same call again means the same batch.
        if (receipts.length === 0 && isNamed) throw cause;
        throw new BatchIncompleteError(batchId, receipts.length, { ...PLACE, cause });
      }
    }
    const [first] = receipts;
    if (first === undefined) throw new TypeError('A batch has at least one segment.');
    return {
      ...first,
      deduplicated: receipts.every(({ deduplicated }) => deduplicated),
      batchId,
      segments: receipts,
    };
  }
}

function batchIdFor({ idempotencyKey }: EnqueueOptions): string {
  if (idempotencyKey === undefined) return `b_${randomUUID()}`;
  return `b_${createHash('sha256').update(idempotencyKey).digest('base64url').slice(0, 32)}`;
}

function refuseOptionsOfOneJob({ repeat, jobId }: EnqueueOptions): void {
  const given = Object.entries({ repeat, jobId }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  throw new InvalidJobOptionsError(
    `The batch for queue "${PLACE.queue}" needs several jobs, which cannot share these options:`,
    given.map(([path]) => ({ path, message: 'is for one job; this audience needs several' })),
    PLACE,
  );
}
