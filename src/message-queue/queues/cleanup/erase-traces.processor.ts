import { Processor } from '@nestjs/bull';
import { MessageQueueError } from '../../../kernel/errors.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { ErasureRunner } from '../../ports/privacy/erasure-runner.js';
import type { ErasureProgress } from '../../ports/privacy/erasure-runner.js';
import { CLEANUP_QUEUE } from './cleanup.queue.js';
import { EraseTracesJobDto } from './erase-traces-job.dto.js';

/** After a run of an erasure something was left that no legal hold keeps. Worth a retry. */
export class ErasureIncompleteError extends MessageQueueError {
  readonly code = 'ERASURE_INCOMPLETE';
}

/** Handles `erase-traces`: goes on with an erasure whose process died, or that a legal hold kept. Safe to run twice. */
@Processor(CLEANUP_QUEUE.name)
export class EraseTracesProcessor {
  constructor(private readonly runner: ErasureRunner) {}

  /** Carries one erasure to its end. @throws ErasureIncompleteError naming what holds something still */
  @JobHandler(CLEANUP_QUEUE, 'erase-traces')
  async processErasure({ receiptId }: EraseTracesJobDto, context: JobContext): Promise<ErasureProgress> {
    const place = { queue: context.queue, job: context.jobName, jobId: context.jobId };
    const progress = await this.runner.resume(receiptId, context.signal, (holder) =>
      context.progress({ percentage: 50, step: holder }),
    );
    if (progress === null) {
      throw new UnrecoverableJobError(
        `There is no erasure with receipt "${receiptId}" in the data key store of this app.`,
        place,
      );
    }
    if (progress.state === 'incomplete') {
      const left = Object.entries(progress.left).map(([name, records]) => `${name}: ${records}`);
      throw new ErasureIncompleteError(`The erasure has left ${left.join(', ')}.`, place);
    }
    await context.progress({ percentage: 100, step: progress.state });
    return progress;
  }
}
