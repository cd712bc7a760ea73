import { letterLogs, letterProgress } from '../../rules/retention/letter-rule.js';
import type { FailureLanding } from '../../rules/job-landing.js';
import type { QueueEngine } from './queue-engine.js';
import { retentionRule } from '../../rules/retention/retention-rule.js';
import { applyRetention, dropExcess } from './job-retention.js';
import type { StoredJob } from './stored-job.js';

/** Dead letters that one more may drop: so a bound that was lowered is caught up with. */
const CATCH_UP = 10;

/** Ends runs: the moves out of `active`, each one synchronous step with the events that Bull publishes for it. */
export class JobSettler {
  constructor(private readonly engine: QueueEngine) {}

  /** @param json the result as JSON; undefined for no result, which Bull stores as `null` */
  complete(job: StoredJob, json: string | undefined): void {
    const history = job.remember();
    this.end(job);
    if (job.membership !== null) this.engine.gates.ended(job, job.membership);
    history.returnvalue = json ?? 'null';
    this.engine.store.resize(job, history.returnvalue.length);
    this.keep(job, 'completed', retentionRule(job.options.removeOnComplete));
    this.engine.events.publish('global:completed', job.id, json, 'active');
    this.engine.hooks.onEnd(job, 'completed', json);
  }

  /** Spends an attempt of a run of ours and remembers why. */
  noteFailure(job: StoredJob, { attemptsMade, reason, stacktrace }: FailureLanding): void {
    const history = job.remember();
    job.attemptsMade = attemptsMade;
    history.failedReason = reason;
    this.engine.store.resize(job, lengthOf(stacktrace) - lengthOf(history.stacktrace));
    history.stacktrace = stacktrace;
  }

  /** Spends an attempt and remembers why, as Bull does. */
  recordFailure(job: StoredJob, message: string | undefined, stack: string | undefined): void {
    const history = job.remember();
    job.attemptsMade += 1;
    history.failedReason = message ?? '';
    if (!stack) return;
    const before = lengthOf(history.stacktrace);
    // Without a limit, or one of 0, all are kept.
    history.stacktrace = [...history.stacktrace, stack].slice(-(job.options.stackTraceLimit || 0));
    this.engine.store.resize(job, lengthOf(history.stacktrace) - before);
  }

  /** Makes a dead letter of a job of ours: what it logged and reported is cut. */
  bury(job: StoredJob, message: string, why?: 'cancelled'): void {
    const history = job.remember();
    if (history.logs !== null) history.logs = letterLogs(history.logs);
    if (history.progress !== undefined) history.progress = letterProgress(history.progress);
    history.returnvalue = undefined;
    this.fail(job, message, why);
  }

  /** Moves the job to the failed set. Its key may stand still for it, unless it was cancelled. */
  fail(job: StoredJob, message: string | undefined, why?: 'cancelled'): void {
    const { gates } = this.engine;
    this.end(job);
    if (job.membership !== null && why === undefined) gates.buried(job, job.membership);
    else if (job.membership !== null) gates.ended(job, job.membership);
    job.remember().failedReason = message ?? 'null';
    this.keep(job, 'failed', retentionRule(job.options.removeOnFail));
    this.engine.events.publish('global:failed', job.id, message, 'active');
    this.engine.hooks.onEnd(job, 'failed', message);
  }

  /** Runs again at `runAt`. */
  delay(job: StoredJob, runAt: number): void {
    job.remember().putOffUntil = runAt;
    this.suspend(job);
    this.engine.place(job, runAt, 'lane-end');
  }

  /** Waits again, where Bull puts a job that is retried at once. */
  retryNow(job: StoredJob): void {
    this.suspend(job);
    const first = job.options.lifo === true && !job.options.priority;
    this.engine.place(job, null, first ? 'first' : 'lane-end');
  }

  /** Waits again in front of its lane. */
  handBack(job: StoredJob): void {
    job.remember().putOffUntil = this.engine.clock.now();
    job.locked = false;
    job.expiresAt = null;
    this.engine.place(job, null, 'lane-front');
  }

  private suspend(job: StoredJob): void {
    job.locked = false;
    job.expiresAt = null;
    if (job.membership !== null) this.engine.gates.suspend(job, job.membership);
  }

  private end(job: StoredJob): void {
    job.locked = false;
    job.expiresAt = null;
    job.remember().finishedOn = this.engine.clock.now();
  }

  private keep(job: StoredJob, state: 'completed' | 'failed', rule: ReturnType<typeof retentionRule>): void {
    const { store } = this.engine;
    const now = job.history?.finishedOn ?? 0;
    if (rule.count === 0) {
      store.drop(job);
    } else {
      store.finish(job, state);
      applyRetention(store, state, rule, now);
      if (state === 'failed') dropExcess(store, CATCH_UP, now);
    }
  }
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
