import { boundedText } from '../../../jobs/bounded-text.js';
import { withFailure } from '../../../jobs/job-record.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import type { FailedSettlement } from '../../../jobs/settlement.js';
import type { ActiveRun } from './active-run.js';
import type { QueueCommands } from './queue-commands.js';
import { failJobScript, releaseJobScript } from '../scripts/fail-job.lua.js';

const DEFAULT_STACK_TRACES = 3;

/** Stores the ends of runs that did not complete. */
export class FailureWriter {
  constructor(private readonly commands: QueueCommands) {}

  /** @returns false when the job is not ours any more: nothing was stored */
  async fail(run: ActiveRun, settlement: FailedSettlement, now: number): Promise<boolean> {
    const { job } = run;
    const attemptsMade = job.attemptsMade + 1;
    const reason = boundedText(settlement.error.message);
    const traces = tracesOf(run, settlement);
    for (let stored = run.storedOptions; ;) {
      const options = JSON.parse(stored) as ManagedJobOptions;
      const failed = { ...options, mq: withFailure(options.mq ?? {}, settlement, now, run.crashes) };
      const reply = await this.commands.runUntilAnswered(failJobScript, [
        ...[this.commands.queue.lockToken, run.id, now, whenAgain(settlement.retryDelayMs, now)],
        ...[reason, JSON.stringify(traces), attemptsMade, JSON.stringify(failed), stored],
        ...[JSON.stringify({ jobId: run.id, val: reason }), job.opts.lifo === true ? '1' : '', run.fence],
      ]);
      if (typeof reply === 'string') {
        stored = reply;
        continue;
      }
      if (reply === 0) return false;
      job.opts = failed;
      job.attemptsMade = attemptsMade;
      job.failedReason = reason;
      job.stacktrace = traces;
      if (settlement.retryDelayMs === null) job.finishedOn = now;
      return true;
    }
  }

  /**
   * Makes a dead letter of a job that is stored in a form nobody can read.
   * @returns false when the job is not ours any more: nothing was stored
   */
  async bury(id: string, hash: Record<string, string>, reason: string, now: number): Promise<boolean> {
    const { opts = '{}', stacktrace = '[]', attemptsMade = '0' } = hash;
    const reply = await this.commands.runUntilAnswered(failJobScript, [
      ...[
        this.commands.queue.lockToken,
        id,
        now,
        'dead',
        boundedText(reason),
        stacktrace,
        Number(attemptsMade) + 1,
      ],
      ...[opts, opts, JSON.stringify({ jobId: id, val: boundedText(reason) }), '', hash['mqRun'] ?? ''],
    ]);
    return reply !== 0;
  }

  /** @param delayMs null: at once, at the front of its lane. @returns false when the job is not ours any more */
  async release(
    run: { readonly id: string; readonly fence: string },
    delayMs: number | null,
    now: number,
  ): Promise<boolean> {
    const again = delayMs === null ? 0 : now + Math.max(1, Math.round(delayMs));
    const args = [this.commands.queue.lockToken, run.id, again, run.fence];
    return (await this.commands.runUntilAnswered(releaseJobScript, args)) === 1;
  }
}

function whenAgain(retryDelayMs: number | null, now: number): string | number {
  if (retryDelayMs === null) return 'dead';
  return retryDelayMs <= 0 ? 0 : now + Math.round(retryDelayMs);
}

function tracesOf({ job }: ActiveRun, { error }: FailedSettlement): string[] {
  const limit = job.opts.stackTraceLimit ?? DEFAULT_STACK_TRACES;
  if (limit <= 0) return [];
  return [...job.stacktrace, boundedText(error.stack ?? error.message)].slice(-limit);
}
