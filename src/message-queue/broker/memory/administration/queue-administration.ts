import type { MessageQueueError } from '../../../../kernel/errors.js';
import { CancelledError } from '../../../jobs/errors.js';
import type { JobEnd } from '../../../jobs/events/job-end.js';
import { endedJob } from '../../rules/ended-job.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import { cancelledReason, withCancellation } from '../../rules/job-record.js';
import { MOST_UNKNOWN_READ, unknownJobs } from '../../rules/other-releases.js';
import type { UnknownJobs } from '../../rules/other-releases.js';
import type { CancelOutcome, QueueSnapshot } from '../../broker.js';
import type { FlowCounts } from '../../groups-of-queue.js';
import { JobSettler } from '../store/job-settler.js';
import type { QueueEngine } from '../store/queue-engine.js';
import { unstartedJob } from '../store/stored-job.js';
import type { StoredJob } from '../store/stored-job.js';
import type { ManagedMemoryQueue } from '../managed-memory-queue.js';
import type { MemoryQueueWorker } from '../memory-queue-worker.js';

/** What people do to the jobs of a queue that have not failed: cancel, remove, count. */
export class QueueAdministration {
  cancel({ engine, worker }: ManagedMemoryQueue, jobId: string, reason: string): CancelOutcome {
    const stored = engine.store.jobs.get(jobId);
    switch (stored?.state) {
      case 'active':
        stopRun(stored, worker, new CancelledError(reason, { queue: engine.name, jobId }));
        return 'signalled';
      case 'waiting':
      case 'delayed': {
        const at = engine.clock.now();
        const end: JobEnd = { ...endedJob(unstartedJob(stored), engine.name), outcome: 'cancelled', reason };
        const mq = withCancellation(stored.options.mq ?? {}, stored.attemptsMade, reason, at);
        stored.options = { ...stored.options, mq };
        new JobSettler(engine).bury(stored, cancelledReason(reason), 'cancelled');
        engine.arm();
        engine.events.emit(JOB_ENDED, end);
        return 'removed';
      }
      case 'completed':
      case 'failed':
      case 'expired':
        return 'finished';
      default:
        return 'not-found';
    }
  }

  /** Removes all that waits or is delayed; its idempotency keys are free again. @returns how many were removed */
  purge({ engine, ledger }: ManagedMemoryQueue): number {
    const gone = [...engine.store.jobs.values()].filter(
      ({ state }) => state === 'waiting' || state === 'delayed',
    );
    for (const job of gone) engine.remove(job);
    ledger.forget(new Set(gone.map(({ id }) => id)));
    return gone.length;
  }

  readUnknown({ engine }: ManagedMemoryQueue): UnknownJobs {
    const { unknown } = engine.store;
    const jobs = [...unknown].slice(0, MOST_UNKNOWN_READ).flatMap(({ name: job, history }) => {
      const mark = history?.unknown;
      return mark === undefined ? [] : [{ job, ...mark }];
    });
    return unknownJobs(unknown.size, jobs);
  }

  snapshot({ engine, ledger }: ManagedMemoryQueue): QueueSnapshot {
    const { store, paused, waitingCount: waiting } = engine;
    return {
      waiting: paused ? 0 : waiting,
      paused: paused ? waiting : 0,
      active: store.active.size,
      delayed: store.delayed.size,
      completed: store.completed.size,
      failed: store.failed.size,
      isPaused: paused,
      unknown: store.unknown.size,
      oldestWaitingAt: engine.oldestWaitingAt,
      failedDropped: store.failedDropped,
      failedDroppedAt: store.failedDroppedAt,
      keysForgotten: ledger.forgotten,
      keysForgottenAt: ledger.forgottenAt,
      wrongKeys: [],
      expired: store.everExpired,
      flow: flowOf(engine),
    };
  }
}

/** Stops the run of an active job; remembered, so that a run that hands the job back does not save it. */
export function stopRun(
  stored: StoredJob,
  worker: MemoryQueueWorker | null,
  reason: MessageQueueError,
): void {
  stored.remember().stopReason = reason;
  worker?.abort(stored.id, reason);
}

function flowOf({ gates, rates }: QueueEngine): FlowCounts {
  const counts = gates.groups.counts();
  if (rates === null) return counts;
  return { ...counts, sleeping: counts.sleeping + rates.closed, rateClosedMs: rates.closedMs };
}
