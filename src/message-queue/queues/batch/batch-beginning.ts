import type { JobContext } from '../../handlers/job-context.js';
import type { MessageCipher } from '../../ports/encryption/message-cipher.js';
import { BatchIdTakenError } from '../../ports/messages/batch-progress-store.js';
import type { BatchProgress, BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { batchIdentity, fingerprintOf, identityIn } from './batch-identity.js';
import type { BatchMessageJobDto } from './batch-message-job.dto.js';
import type { BatchPlan } from './batch-plan.js';

type BatchRun = Pick<JobContext, 'queue' | 'jobName' | 'jobId' | 'addedAt' | 'signal'>;

/** Where a job's batch begins: at its first chunk, where an earlier run or job of the same batch was, or not at all. */
export class BatchBeginning {
  constructor(
    private readonly progress: BatchProgressStore,
    private readonly cipher: MessageCipher,
  ) {}

  /** @param now the time of the beginning @throws BatchIdTakenError when another job began it with other recipients or another content */
  async of(
    payload: BatchMessageJobDto,
    plan: BatchPlan,
    context: BatchRun,
    now: Date,
  ): Promise<BatchProgress> {
    const { batchId, segment, chunks, recipients, skipped } = plan;
    const { jobId, addedAt: jobAddedAt, signal } = context;
    const own = batchIdentity(payload, plan);
    const isSealed = payload.requiresEncryption === true;
    const fingerprint = await fingerprintOf(own, { batchId, isSealed }, this.cipher, signal);
    const fresh: BatchProgress = {
      ...{ batchId, segment, chunksDone: 0, totalChunks: chunks.length, recipients, sent: 0, failed: 0 },
      ...{ skipped, savedAt: now, origin: { jobId, jobAddedAt, fingerprint } },
    };
    const stored = await this.progress.begin(fresh, signal);
    if (stored.origin === undefined || stored.origin.fingerprint === fingerprint) {
      return stored.totalChunks === chunks.length && stored.recipients === recipients ? stored : fresh;
    }
    const known = await identityIn(stored.origin.fingerprint, batchId, this.cipher, signal);
    if (known.content === own.content) {
      // In other chunks it begins anew. What was sent is not sent again, its ids are the same.
      return known.chunks === own.chunks ? stored : { ...fresh, origin: stored.origin };
    }
    // Somebody edited this very job.
    if (!BatchBeginning.isOfAnother(stored, context)) return fresh;
    throw new BatchIdTakenError(
      `Segment ${segment} of batch "${batchId}" was begun by job ${stored.origin.jobId} with other recipients or another content, so nothing of this job was sent. Add it with a batchId of its own, or another segment.`,
      { queue: context.queue, job: context.jobName, jobId },
    );
  }

  /** Whether another job began the segment: an id may have been used again since. */
  static isOfAnother({ origin }: BatchProgress, { jobId, addedAt }: BatchRun): boolean {
    if (origin === undefined) return false;
    return origin.jobId !== jobId || origin.jobAddedAt.getTime() !== addedAt.getTime();
  }
}
