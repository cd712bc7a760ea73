import type { JobResult } from '../../jobs/job-result.js';
import type { FailedSettlement, PassedOnSettlement, Settlement } from '../../jobs/settlement.js';
import type { TakenJob } from '../../jobs/taken-job.js';
import { failureLanding, landFailure, landResult } from '../rules/job-landing.js';
import { knowsJob, pauseAmong } from '../rules/other-releases.js';
import type { JobSettler } from './store/job-settler.js';
import type { QueueEngine } from './store/queue-engine.js';
import { fullOptions } from './store/stored-job.js';
import type { StoredJob, StoredOptions } from './store/stored-job.js';

/** Stores how runs ended: each settlement is one synchronous step. The same rules as on Redis. */
export class SettlementWriter {
  constructor(
    private readonly engine: QueueEngine,
    private readonly settler: JobSettler,
  ) {}

  /**
   * A job that was removed meanwhile (obliterated) has nothing to be stored at; an `error` event tells.
   * @returns whether the job ended as the settlement says
   */
  write(stored: StoredJob, taken: TakenJob, settlement: Settlement): boolean {
    if (stored.state !== 'active') {
      const error = new Error(`Missing key for job ${stored.id} ${settlement.kind}`);
      this.engine.events.emit('error', error, 'Error processing job');
      return false;
    }
    this.endPassingOn(stored, settlement);
    switch (settlement.kind) {
      case 'completed':
        this.complete(stored, taken, settlement.result);
        break;
      case 'failed':
        this.fail(stored, taken, settlement);
        break;
      case 'deferred':
        if (settlement.since !== undefined) stored.remember().waitsSince = settlement.since;
        this.defer(stored, Math.max(1, Math.round(settlement.delayMs)), settlement.closesRate === true);
        break;
      case 'passed-on':
        this.passOn(stored, settlement);
        break;
      // There is no other worker that could own an abandoned job, so it waits again.
      case 'handed-back':
      case 'abandoned':
        this.settler.handBack(stored);
    }
    return true;
  }

  private defer(stored: StoredJob, delayMs: number, closesRate: boolean): void {
    const { clock, rates } = this.engine;
    if (closesRate && rates?.close(stored, delayMs) === true) this.settler.handBack(stored);
    else this.settler.delay(stored, clock.now() + delayMs);
  }

  private passOn(stored: StoredJob, settlement: PassedOnSettlement): void {
    const { since, version } = settlement;
    const { clock, store } = this.engine;
    stored.remember().unknown = { since, version };
    const { expiresAt } = stored;
    store.unknown.add(stored);
    this.settler.delay(stored, clock.now() + pauseAmong(settlement, store.unknown.size));
    // It was taken, but did not start.
    this.engine.mustStartBy(stored, expiresAt);
  }

  /** A worker that knows a job has run it: should it be passed on again, it waits anew. */
  private endPassingOn(stored: StoredJob, settlement: Settlement): void {
    if (stored.history?.unknown === undefined || !knowsJob(settlement)) return;
    stored.history.unknown = undefined;
    this.engine.store.unknown.delete(stored);
  }

  private complete(stored: StoredJob, { job }: TakenJob, result: JobResult): void {
    const { events } = this.engine;
    this.settler.complete(stored, result.json);
    // The result is read again only for somebody who listens.
    if (!events.wants('completed')) return;
    landResult(job, result, stored.history?.finishedOn);
    events.emit('completed', job, result.stored, 'active');
  }

  private fail(stored: StoredJob, { job, crashes }: TakenJob, settlement: FailedSettlement): void {
    const { error, retryDelayMs, failure } = settlement;
    const { options, attemptsMade } = stored;
    const stacktrace = stored.history?.stacktrace ?? [];
    const now = this.engine.clock.now();
    const landing = failureLanding({ options, attemptsMade, stacktrace, crashes }, settlement, now);
    stored.options = landing.options as StoredOptions;
    this.settler.noteFailure(stored, landing);
    const why = failure.kind === 'cancelled' ? failure.kind : undefined;
    if (retryDelayMs === null) this.settler.bury(stored, landing.reason, why);
    else if (retryDelayMs <= 0) this.settler.retryNow(stored);
    else this.settler.delay(stored, now + Math.round(retryDelayMs));
    landFailure(job, { ...landing, options: fullOptions(stored) });
    this.engine.events.emit('failed', job, error, 'active');
  }
}
