import type { EventEmitter } from 'node:events';
import type { MetricsOpts, RateLimiter as RateLimiterOptions } from 'bull';
import type { Clock } from '../../../../kernel/time/clock.js';
import type { BackoffStrategy } from '../bull/job/job-backoff.js';
import { DebounceKeys } from '../bull/adding/debounce-keys.js';
import { EventLoopTurns } from './event-loop-turns.js';
import { DelayTimer } from './lanes/delay-timer.js';
import { FinishWaiters } from '../bull/job/finish-waiters.js';
import { JobMetrics } from '../bull/queue/job-metrics.js';
import type { MemoryBudget } from './memory-budget.js';
import { MemoryStore } from './memory-store.js';
import { QueueEvents } from './queue-events.js';
import { RateLimiter } from '../bull/running/rate-limiter.js';
import { RepeatSchedule } from '../bull/adding/repeat-schedule.js';
import type { StoredJob } from './stored-job.js';

/** What an engine is built from. */
export interface EngineOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly budget: MemoryBudget;
  readonly emitter: EventEmitter;
  readonly limiter?: RateLimiterOptions;
  readonly metrics?: MetricsOpts;
  readonly backoffStrategies: Readonly<Record<string, BackoffStrategy>>;
}

/** The state of one queue in memory and the moves that start work: promoting, taking, waking. */
export class QueueEngine {
  readonly name: string;
  readonly clock: Clock;
  readonly store: MemoryStore;
  readonly events: QueueEvents;
  readonly repeat = new RepeatSchedule();
  readonly debounce = new DebounceKeys();
  readonly metrics: JobMetrics;
  readonly finishWaiters = new FinishWaiters();
  readonly turns = new EventLoopTurns();
  readonly limiter: RateLimiter | null;
  readonly backoffStrategies: Readonly<Record<string, BackoffStrategy>>;
  /** Paused for all workers. */
  paused = false;
  closed = false;
  drained = true;
  /** Called when there may be something to take. */
  onWork: () => void = () => undefined;
  /** Adds the run after this one when a repeated job starts; set by the queue. */
  onRepeatStarted: (job: StoredJob) => void = () => undefined;
  private readonly timer: DelayTimer;
  private promotes = false;
  private limitedUntil: number | null = null;

  constructor(options: EngineOptions) {
    this.name = options.name;
    this.clock = options.clock;
    this.store = new MemoryStore(options.budget);
    this.events = new QueueEvents(options.emitter);
    this.metrics = new JobMetrics(options.metrics?.maxDataPoints);
    this.limiter = options.limiter === undefined ? null : new RateLimiter(options.limiter);
    this.backoffStrategies = options.backoffStrategies;
    this.timer = new DelayTimer(options.clock, () => this.onTimer());
  }

  /** From now on delayed jobs are promoted when they are due. As in Bull, only a queue that is worked on does that. */
  startPromoting(): void {
    this.promotes = true;
    this.promoteDue();
    this.arm();
  }

  /** Moves delayed jobs that are due to waiting. @returns how many */
  promoteDue(): number {
    const now = this.clock.now();
    let promoted = 0;
    for (let job = this.store.delayed.peek(); job !== null; job = this.store.delayed.peek()) {
      if (job.runAt > now) break;
      job.delay = 0;
      this.store.enqueue(job, 'lane-end');
      this.events.publishWaiting(job.id);
      promoted += 1;
    }
    return promoted;
  }

  /** Puts a job into waiting or delayed and lets the worker know. */
  place(job: StoredJob, runAt: number | null, entrance: 'lane-end' | 'lane-front' | 'last' | 'first'): void {
    if (runAt !== null) {
      this.store.delay(job, runAt);
      this.arm();
      return;
    }
    this.store.enqueue(job, entrance);
    this.onWork();
  }

  /** Takes the next job and makes it active; null when none may start now. */
  take(): StoredJob | null {
    if (this.closed) return null;
    if (this.promotes && this.store.delayed.size > 0) this.promoteDue();
    const job = this.paused ? null : this.nextAllowed();
    if (job === null) return null;
    this.drained = false;
    this.activate(job);
    return job;
  }

  /** A worker that had finished a job found no other one. */
  noteDrained(): void {
    if (this.drained || (this.limitedUntil !== null && this.store.waiting.size > 0)) return;
    this.drained = true;
    this.events.publish('global:drained');
    this.events.emit('drained');
  }

  /** Sets the timer for what is due next; cheap when nothing changed. */
  arm(): void {
    if (!this.promotes || this.closed) return;
    const delayedUntil = this.store.delayed.peek()?.runAt ?? null;
    const { limitedUntil } = this;
    const next =
      delayedUntil === null || limitedUntil === null
        ? (delayedUntil ?? limitedUntil)
        : Math.min(delayedUntil, limitedUntil);
    // A job that is only late must not be lost because the process has nothing else to do; a schedule may.
    this.timer.update(next, this.store.delayedOnce > 0 || limitedUntil !== null);
  }

  close(): void {
    this.closed = true;
    this.timer.cancel();
  }

  private onTimer(): void {
    this.limitedUntil = null;
    this.promoteDue();
    this.arm();
    this.onWork();
  }

  private activate(job: StoredJob): void {
    this.store.activate(job);
    job.locked = true;
    job.remember().processedOn = this.clock.now();
    this.events.publish('global:active', job.id, 'waiting');
    if (job.options.repeat) this.onRepeatStarted(job);
  }

  private nextAllowed(): StoredJob | null {
    const { limiter } = this;
    for (let job = this.store.waiting.peek(); job !== null; job = this.store.waiting.peek()) {
      if (limiter === null) return job;
      const now = this.clock.now();
      const group = limiter.groupOf(job.id);
      const start = limiter.start(group, now);
      if (start.allowed) return job;
      if (limiter.options.groupKey === undefined) {
        // Bull would move every waiting job to delayed here, and mix up their order.
        this.limitedUntil = start.notBefore;
        this.arm();
        return null;
      }
      this.store.delay(job, limiter.putOff(group, now));
      this.arm();
    }
    return null;
  }
}
