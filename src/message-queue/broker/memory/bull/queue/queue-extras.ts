import type { StoredJob } from '../../store/stored-job.js';
import { DebounceKeys } from '../adding/debounce-keys.js';
import { ScheduleMap } from '../adding/schedule-map.js';
import { EXPIRED_REASON } from '../../../rules/ended-job.js';
import { FinishWaiters } from '../../../rules/events/finish-waiters.js';
import { JobMetrics } from './job-metrics.js';

/** Equal to Bull: what its queue keeps beside its jobs. */
export class QueueExtras {
  readonly schedules = new ScheduleMap();
  readonly debounce = new DebounceKeys();
  readonly waiters: FinishWaiters;
  readonly metrics: JobMetrics;

  /** @param maxDataPoints minutes of metrics to keep; undefined keeps none */
  constructor(queue: string, maxDataPoints: number | undefined) {
    this.waiters = new FinishWaiters(queue);
    this.metrics = new JobMetrics(maxDataPoints);
  }

  /** A job finished. @param text its result as JSON, or the message of its error */
  noteEnd(job: StoredJob, state: 'completed' | 'failed', text: string | undefined): void {
    const at = job.history?.finishedOn ?? 0;
    this.debounce.finished(job, at);
    this.metrics.collect(state, at);
    this.waiters.settle(job.id, state, text);
  }

  /** A job was not started in time. */
  noteExpiry(job: StoredJob): void {
    this.debounce.finished(job, job.history?.finishedOn ?? 0);
    this.waiters.settle(job.id, 'failed', EXPIRED_REASON);
  }

  /** A job that nobody runs is gone. */
  noteRemoval(job: StoredJob): void {
    this.debounce.removed(job);
    this.waiters.forget(job.id);
  }

  /** Forgets everything that is stored. */
  clear(): void {
    this.schedules.clear();
    this.debounce.clear();
    this.metrics.clear();
    this.waiters.forgetAll();
  }
}
