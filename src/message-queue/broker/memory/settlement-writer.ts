import { boundedText } from '../../jobs/bounded-text.js';
import { withFailure } from '../../jobs/job-record.js';
import type { FailedSettlement, Settlement } from '../../jobs/settlement.js';
import { unstorableResult } from '../../jobs/unstorable-result.js';
import { jsonText } from './store/json-text.js';
import type { JobSettler } from './store/job-settler.js';
import type { MemoryDelivery } from './memory-delivery.js';
import type { QueueEngine } from './store/queue-engine.js';
import type { StoredJob } from './store/stored-job.js';

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
  write(stored: StoredJob, delivery: MemoryDelivery, settlement: Settlement): boolean {
    if (!this.engine.store.holds(stored) || stored.state !== 'active') {
      const error = new Error(`Missing key for job ${stored.id} ${settlement.kind}`);
      this.engine.events.emit('error', error, 'Error processing job');
      return false;
    }
    if (settlement.kind === 'completed') return this.complete(stored, delivery, settlement.result);
    if (settlement.kind === 'failed') {
      this.fail(stored, delivery, settlement);
    } else if (settlement.kind === 'deferred') {
      const delayMs = Math.max(1, Math.round(settlement.delayMs));
      this.settler.delay(stored, this.engine.clock.now() + delayMs);
    } else {
      // Abandoned: there is no other worker that could own the job, so it waits again.
      this.settler.handBack(stored);
    }
    return true;
  }

  private complete(stored: StoredJob, delivery: MemoryDelivery, result: unknown): boolean {
    let json: string | undefined;
    try {
      json = jsonText(result);
    } catch (error) {
      this.fail(stored, delivery, unstorableResult(delivery.job, error, this.engine.clock.now()));
      return false;
    }
    const { job } = delivery;
    this.settler.complete(stored, json);
    job.returnvalue = result ?? 0;
    job.finishedOn = stored.history?.finishedOn;
    this.engine.events.emit('completed', job, result, 'active');
    return true;
  }

  private fail(stored: StoredJob, delivery: MemoryDelivery, settlement: FailedSettlement): void {
    const { error, retryDelayMs } = settlement;
    const reason = boundedText(error.message);
    const now = this.engine.clock.now();
    stored.options = { ...stored.options, mq: withFailure(stored.options.mq ?? {}, settlement, now) };
    this.settler.recordFailure(stored, reason, boundedText(error.stack ?? error.message));
    if (retryDelayMs === null) this.settler.fail(stored, reason);
    else if (retryDelayMs <= 0) this.settler.retryNow(stored);
    else this.settler.delay(stored, now + Math.round(retryDelayMs));
    const { job } = delivery;
    job.opts = { ...stored.options };
    job.attemptsMade = stored.attemptsMade;
    job.failedReason = reason;
    job.stacktrace = [...(stored.history?.stacktrace ?? [])];
    if (retryDelayMs === null) job.finishedOn = stored.history?.finishedOn;
    this.engine.events.emit('failed', job, error, 'active');
  }
}
