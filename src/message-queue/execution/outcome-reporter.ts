import { messageKind } from '../../kernel/logging/message-kind.js';
import { printable } from '../../kernel/logging/printable.js';
import type { RepeatedLines } from '../../kernel/logging/repeated-lines.js';
import { deadReason } from '../jobs/activity/dead-reason.js';
import type { DeadReason } from '../jobs/activity/process-activity.js';
import { parkedKey } from '../jobs/flow/parking.js';
import type { EndedJob, JobEnd, JobEnds } from '../jobs/events/job-end.js';
import type { JobEvents } from '../jobs/events/job-events.js';
import type { JobResult } from '../jobs/job-result.js';
import { cancelReasonOf } from '../jobs/settlement.js';
import type { FailedSettlement, Settlement } from '../jobs/settlement.js';
import type { EventLog } from '../telemetry/logs/event-log.js';
import type { Run } from './run.js';

/** Longest error in a line, characters. */
const LONGEST_ERROR = 300;
const PASSED_ON = 'Waits for another version of the app';
const KEY_DESTROYED = 'the key of its payload was destroyed; it ended without running.';
const ERASED = 'what it was about was erased; it ended where it was.';
const ABANDONED = 'its lock was lost; another worker may already have run it.';

/** Reports how runs ended, to hosts (events) and operators (log). */
export class OutcomeReporter {
  constructor(
    private readonly events: JobEvents,
    private readonly ends: JobEnds,
    private readonly lines: RepeatedLines,
    private readonly log: EventLog,
  ) {}

  report(run: Run, settlement: Settlement, durationMs: number): void {
    const { place } = run;
    switch (settlement.kind) {
      case 'completed':
        if (settlement.ended === 'shredded') {
          const why = run.isShredded ? KEY_DESTROYED : ERASED;
          run.counts.shredded();
          this.write(run, 'log', 'Shredded', why, `Shredded: ${why}`);
          this.ends.tell({ ...endedJob(run), outcome: 'shredded' });
          return;
        }
        run.counts.completed(durationMs, run.takenAt + durationMs);
        this.events.noteCompleted(run.queue, durationMs);
        this.log.completed(run, durationMs);
        if (this.ends.hearsCompleted(run.queue)) {
          this.ends.tell(completedEnd(run, settlement.result, durationMs));
        }
        return;
      case 'failed':
        countAttempt(run, settlement, durationMs);
        this.events.emit('failed', {
          ...place,
          error: settlement.error,
          kind: settlement.failure.kind,
          durationMs,
        });
        this.reportFailure(run, settlement, durationMs);
        return;
      case 'deferred': {
        const { delayMs, reason, blockedBy } = settlement;
        run.counts.deferred();
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
      case 'passed-on': {
        const { delayMs, reason } = settlement;
        const why = printable(reason, LONGEST_ERROR);
        run.counts.deferred();
        this.write(run, 'warn', PASSED_ON, why, `${PASSED_ON}, without spending an attempt: ${why}`);
        this.events.emit('retrying', { ...place, delayMs, spent: false, reason });
        return;
      }
      case 'handed-back':
        run.logger.debug('Handed back: this worker is stopping, another one will run it.');
        return;
      case 'abandoned':
        this.write(run, 'warn', 'Abandoned', ABANDONED, `Abandoned: ${ABANDONED}`);
    }
  }

  private reportFailure(run: Run, settlement: FailedSettlement, durationMs: number): void {
    const { place } = run;
    const { error, failure, retryDelayMs } = settlement;
    const what = printable(`${failure.error}: ${failure.message}`, LONGEST_ERROR);
    if (failure.kind === 'cancelled') {
      const why = printable(cancelReasonOf(settlement), LONGEST_ERROR);
      run.counts.cancelled();
      this.write(run, 'log', 'Cancelled', why, `Cancelled: ${why}`);
      this.ends.tell({ ...endedJob(run), outcome: 'cancelled', reason: cancelReasonOf(settlement) });
    } else if (retryDelayMs === null) {
      run.counts.died(deadReasonOf(run, settlement));
      if (this.log.hasFields) this.log.failed(run, failure, durationMs, true);
      else this.write(run, 'error', 'Dead letter', what, `Dead letter after ${what}`);
      this.ends.tell({ ...endedJob(run), outcome: 'dead-letter', error, failure });
      const key = parkedKey(run.definition.flow, run.jobName, run.record);
      if (key !== undefined) this.events.emit('parked', { ...place, key });
    } else {
      run.counts.retried();
      if (this.log.hasFields) this.log.failed(run, failure, durationMs, false);
      else this.write(run, 'warn', 'Failed', what, `Failed, runs again in ${retryDelayMs} ms: ${what}`);
      this.events.emit('retrying', { ...place, delayMs: retryDelayMs, spent: true, reason: failure.message });
    }
  }

  /** One line per kind of failure and interval: whatever fails a thousand times a second must not write as many lines. */
  private write(
    { place, logger }: Run,
    level: 'log' | 'warn' | 'error',
    outcome: string,
    why: string,
    line: string,
  ): void {
    this.lines.add({
      kind: [place.queue, place.job, outcome, messageKind(why)].join('\n'),
      write: () => logger[level](line),
      sum: ({ count, seconds }) =>
        logger[level](`${outcome} ${count} more times in ${seconds} s, this job the last of them: ${why}`),
    });
  }
}

/** A crash ended another process's attempt, and a cancelled job did not fail. */
function countAttempt({ counts, takenAt }: Run, { failure }: FailedSettlement, durationMs: number): void {
  const { kind } = failure;
  if (kind === 'error' || kind === 'timeout') {
    counts.failed(durationMs, takenAt + durationMs, kind === 'timeout');
  }
}

function deadReasonOf({ attempt, maxAttempts }: Run, { failure }: FailedSettlement): DeadReason {
  return deadReason(failure, attempt < maxAttempts ? 'unrecoverable' : 'attempts_spent');
}

function endedJob({ place, data }: Run): EndedJob {
  return { ...place, payload: data };
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
