import { cancelReasonOf } from '../../jobs/cancel-reason.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { FailureRecord } from '../../jobs/managed-job.js';
import type { Settlement } from '../../jobs/settlement.js';
import { jsonText } from './json-text.js';
import type { JobSettler } from './job-settler.js';
import type { MemoryDelivery } from './memory-delivery.js';
import type { QueueEngine } from './queue-engine.js';
import type { StoredJob } from './stored-job.js';

type Failed = Extract<Settlement, { kind: 'failed' }>;

const MOST_FAILURES = 20;
const LONGEST_TEXT = 2_000;

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
      this.fail(stored, delivery, unstorable(stored, error, this.engine.clock.now()));
      return false;
    }
    const { job } = delivery;
    this.settler.complete(stored, json);
    job.returnvalue = result ?? 0;
    job.finishedOn = stored.history?.finishedOn;
    this.engine.events.emit('completed', job, result, 'active');
    return true;
  }

  private fail(stored: StoredJob, delivery: MemoryDelivery, settlement: Failed): void {
    const { error, failure, retryDelayMs } = settlement;
    const reason = clip(error.message);
    const now = this.engine.clock.now();
    stored.options = withFailure(stored, failure, cancelledAt(settlement, now));
    this.settler.recordFailure(stored, reason, clip(error.stack ?? error.message));
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

function withFailure(
  { options }: StoredJob,
  failure: FailureRecord,
  cancelled: { at: number; reason: string } | undefined,
): StoredJob['options'] {
  const failures = [...(options.mq?.failures ?? []), failure].slice(-MOST_FAILURES);
  return { ...options, mq: { ...options.mq, failures, ...(cancelled !== undefined && { cancelled }) } };
}

function cancelledAt(settlement: Failed, at: number): { at: number; reason: string } | undefined {
  if (settlement.failure.kind !== 'cancelled') return undefined;
  return { at, reason: cancelReasonOf(settlement) };
}

function unstorable(stored: StoredJob, cause: unknown, at: number): Failed {
  const why = cause instanceof Error ? cause.message : String(cause);
  const error = new UnrecoverableJobError(
    `The result of job "${stored.id}" cannot be stored as JSON: ${why}`,
    {
      job: stored.name,
      jobId: stored.id,
      cause,
    },
  );
  const attempt = stored.attemptsMade + 1;
  const failure = { at, attempt, kind: 'error', error: error.code, message: clip(error.message) } as const;
  return { kind: 'failed', error, retryDelayMs: null, failure };
}

function clip(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
