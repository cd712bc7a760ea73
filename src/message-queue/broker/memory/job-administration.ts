import { CancelledError } from '../../jobs/errors.js';
import type { FailureRecord, ManagedJobRecord, ReplayRecord } from '../../jobs/managed-job.js';
import type { CancelOutcome, QueueSnapshot } from '../broker.js';
import { JobSettler } from './job-settler.js';
import type { ManagedMemoryQueue } from './managed-memory-queue.js';
import type { StoredJob } from './stored-job.js';

const MOST_RECORDS = 20;

/** What the inner seam does to single jobs, and the counts of a queue. */
export class JobAdministration {
  cancel({ engine, worker }: ManagedMemoryQueue, jobId: string, reason: string): CancelOutcome {
    const stored = engine.store.jobs.get(jobId);
    switch (stored?.state) {
      case 'active':
        // Remembered, so that a run that hands the job back does not save it.
        stored.remember().cancelReason = reason;
        worker?.cancel(jobId, reason);
        return 'signalled';
      case 'waiting':
      case 'delayed': {
        const at = engine.clock.now();
        stored.options = { ...stored.options, mq: withCancellation(stored, reason, at) };
        new JobSettler(engine).fail(stored, CancelledError.messageOf(reason));
        engine.arm();
        return 'removed';
      }
      case 'completed':
      case 'failed':
        return 'finished';
      default:
        return 'not-found';
    }
  }

  replay({ engine }: ManagedMemoryQueue, jobId: string, replay: ReplayRecord): boolean {
    const stored = engine.store.jobs.get(jobId);
    if (stored?.state !== 'failed') return false;
    const { cancelled: _, ...mq } = stored.options.mq ?? {};
    const replays = [...(mq.replays ?? []), replay].slice(-MOST_RECORDS);
    stored.options = { ...stored.options, mq: { ...mq, replays } };
    stored.attemptsMade = 0;
    stored.history = null;
    stored.remember().retriedOn = engine.clock.now();
    engine.place(stored, null, 'lane-end');
    engine.events.publishWaiting(jobId);
    return true;
  }

  annotate(
    { engine }: ManagedMemoryQueue,
    jobId: string,
    change: (record: ManagedJobRecord) => ManagedJobRecord,
  ): boolean {
    const stored = engine.store.jobs.get(jobId);
    if (stored === undefined) return false;
    const mq = JSON.parse(
      JSON.stringify(change(structuredClone(stored.options.mq ?? {}))),
    ) as ManagedJobRecord;
    stored.options = { ...stored.options, mq };
    return true;
  }

  snapshot({ engine }: ManagedMemoryQueue): QueueSnapshot {
    const { store, paused } = engine;
    const waiting = store.waiting.size;
    return {
      waiting: paused ? 0 : waiting,
      paused: paused ? waiting : 0,
      active: store.active.size,
      delayed: store.delayed.size,
      completed: store.completed.size,
      failed: store.failed.size,
      isPaused: paused,
      oldestWaitingAt: store.waiting.oldestTimestamp(),
    };
  }
}

function withCancellation(
  { options, attemptsMade }: StoredJob,
  reason: string,
  at: number,
): ManagedJobRecord {
  const failure: FailureRecord = {
    at,
    attempt: attemptsMade + 1,
    kind: 'cancelled',
    error: 'JOB_CANCELLED',
    message: CancelledError.messageOf(reason),
  };
  const failures = [...(options.mq?.failures ?? []), failure].slice(-MOST_RECORDS);
  return { ...options.mq, failures, cancelled: { at, reason } };
}
