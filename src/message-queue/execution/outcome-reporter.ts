import type { EndedJob, JobEnd, JobEnds } from '../jobs/job-end.js';
import type { JobEvents } from '../jobs/job-events.js';
import type { JobResult } from '../jobs/job-result.js';
import { cancelReasonOf } from '../jobs/settlement.js';
import type { FailedSettlement, Settlement } from '../jobs/settlement.js';
import type { Run } from './run.js';

/** Reports how runs ended, to hosts (events) and operators (log). */
export class OutcomeReporter {
  constructor(
    private readonly events: JobEvents,
    private readonly ends: JobEnds,
  ) {}

  report(run: Run, settlement: Settlement, durationMs: number): void {
    const { place } = run;
    switch (settlement.kind) {
      case 'completed':
        this.events.noteCompleted(run.queue, durationMs);
        if (this.ends.hearsCompleted(run.queue)) {
          this.ends.tell(completedEnd(run, settlement.result, durationMs));
        }
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
        run.logger.debug(`Runs again in ${delayMs} ms without spending an attempt: ${reason}`);
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
        run.logger.debug('Handed back: this worker is stopping, another one will run it.');
        return;
      case 'abandoned':
        run.logger.warn('Abandoned: its lock was lost; another worker may already have run it.');
    }
  }

  private reportFailure(run: Run, settlement: FailedSettlement): void {
    const { place } = run;
    const { error, failure, retryDelayMs } = settlement;
    const what = `${failure.error}: ${failure.message.slice(0, 300)}`;
    if (failure.kind === 'cancelled') {
      run.logger.log(`Cancelled: ${cancelReasonOf(settlement).slice(0, 300)}`);
      this.ends.tell({ ...endedJob(run), outcome: 'cancelled', reason: cancelReasonOf(settlement) });
    } else if (retryDelayMs === null) {
      run.logger.error(`Dead letter after ${what}`);
      this.ends.tell({ ...endedJob(run), outcome: 'dead-letter', error, failure });
    } else {
      run.logger.warn(`Failed, runs again in ${retryDelayMs} ms: ${what}`);
      this.events.emit('retrying', { ...place, delayMs: retryDelayMs, spent: true, reason: failure.message });
    }
  }
}

function endedJob({ place, taken }: Run): EndedJob {
  return { ...place, payload: taken.job.data as unknown };
}

/** Parses the result only when a listener looks at it. */
function completedEnd(run: Run, result: JobResult, durationMs: number): JobEnd {
  return {
    ...endedJob(run),
    outcome: 'completed',
    get result() {
      return result.value;
    },
    durationMs,
  };
}
