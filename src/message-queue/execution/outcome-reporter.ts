import { cancelReasonOf } from '../jobs/cancel-reason.js';
import type { JobEvents, JobRunEventPlace } from '../jobs/job-events.js';
import type { JobLog, LogPlace } from '../jobs/job-logger.js';
import { JobLogger } from '../jobs/job-logger.js';
import type { FailedSettlement, Settlement } from '../jobs/settlement.js';

/** Tells hosts (events) and operators (log) how runs ended. */
export class OutcomeReporter {
  constructor(
    private readonly events: JobEvents,
    private readonly logger: JobLog,
  ) {}

  /** Whether anyone would hear of this outcome. */
  hears(settlement: Settlement): boolean {
    return settlement.kind !== 'completed' || this.events.has('completed');
  }

  report(run: LogPlace, settlement: Settlement, durationMs: number): void {
    const place = placeOf(run);
    switch (settlement.kind) {
      case 'completed':
        this.events.emit('completed', { ...place, result: settlement.result, durationMs });
        return;
      case 'failed':
        this.events.emit('failed', {
          ...place,
          error: settlement.error,
          kind: settlement.failure.kind,
          durationMs,
        });
        this.reportFailure(run, settlement);
        return;
      case 'deferred': {
        const { delayMs, reason, blockedBy } = settlement;
        this.log(run).debug(`Runs again in ${delayMs} ms without spending an attempt: ${reason}`);
        this.events.emit('retrying', {
          ...place,
          delayMs,
          spent: false,
          reason,
          ...(blockedBy !== undefined && { blockedBy }),
        });
        return;
      }
      case 'handed-back':
        this.log(run).debug('Handed back: this worker stops, another one runs it.');
        return;
      case 'abandoned':
        this.log(run).warn('Abandoned: its lock was lost, another worker may have run it already.');
    }
  }

  private reportFailure(run: LogPlace, settlement: FailedSettlement): void {
    const place = placeOf(run);
    const { error, failure, retryDelayMs } = settlement;
    const what = `${failure.error}: ${failure.message.slice(0, 300)}`;
    if (failure.kind === 'cancelled') {
      this.log(run).log(`Cancelled: ${cancelReasonOf(settlement).slice(0, 300)}`);
      this.events.emit('cancelled', { ...place, reason: cancelReasonOf(settlement) });
    } else if (retryDelayMs === null) {
      this.log(run).error(`Dead letter after ${what}`);
      this.events.emit('deadLettered', { ...place, error, failure });
    } else {
      this.log(run).warn(`Failed, runs again in ${retryDelayMs} ms: ${what}`);
      this.events.emit('retrying', { ...place, delayMs: retryDelayMs, spent: true, reason: failure.message });
    }
  }

  private log(run: LogPlace): JobLogger {
    return new JobLogger(this.logger, run);
  }
}

/** The run in the words of events. */
export function placeOf({ queue, jobName, jobId, attempt, correlationId }: LogPlace): JobRunEventPlace {
  return { queue, job: jobName, jobId, attempt, correlationId };
}
