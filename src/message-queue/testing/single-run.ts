import { MemoryQueue } from '../broker/memory/bull/queue/memory-queue.js';
import { admitJob } from '../admission/job-admission.js';
import type { Clock } from '../../kernel/time/clock.js';
import { RateLimited, RetryLater } from '../jobs/errors.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { Settlement } from '../jobs/settlement.js';
import { TakenJob } from '../jobs/taken-job.js';

/**
 * A job of no queue, as if it had been taken: what `performJob` hands to the executor.
 * The job lives in a queue of its own, paused and thrown away after the run.
 */
export async function takeAlone(
  definition: QueueDefinition,
  jobName: string,
  payload: object,
  clock: Clock,
): Promise<{ readonly taken: TakenJob; readonly close: () => Promise<void> }> {
  // It waits for nobody, so that it needs no group.
  const { flow: _flow, ...alone } = definition;
  const { json, options } = await admitJob(definition.name, alone, jobName, payload);
  const queue = new MemoryQueue(definition.name, { clock });
  const job = await queue.add(jobName, JSON.parse(json) as object, options);
  return {
    taken: new TakenJob(job),
    close: () => queue.close(true),
  };
}

/**
 * What a settlement means to whoever waits for the result.
 * @throws what the handler failed with, or RetryLater when it asked for a later try
 */
export function resultOf(settlement: Settlement): unknown {
  switch (settlement.kind) {
    case 'completed':
      return settlement.result.value;
    case 'failed':
      throw settlement.error;
    case 'deferred': {
      const { delayMs, reason, closesRate } = settlement;
      throw closesRate === true ? new RateLimited(delayMs, reason) : new RetryLater(delayMs, reason);
    }
    case 'passed-on':
    case 'handed-back':
    case 'abandoned':
      throw new Error(`The job was ${settlement.kind}, which a single run never is.`);
  }
}
