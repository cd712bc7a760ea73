import type { RunDelivery } from '../../broker.js';
import { LockLostError, UnrecoverableJobError } from '../../../jobs/errors.js';
import { failureRecordOf } from '../../../jobs/failure-record.js';
import type { FailedSettlement, Settlement } from '../../../jobs/settlement.js';
import { unstorableResult } from '../../../jobs/unstorable-result.js';
import { JOB_BURIED } from '../../rules/local-events.js';
import type { BuriedJob } from '../../rules/local-events.js';
import type { ActiveRun } from './active-run.js';
import { emitSafely, hashOf } from '../bull-internals.js';
import type { CrashSuspects } from './crash-suspects.js';
import { FailureWriter } from './failure-writer.js';
import type { JobIntake, TakenReply } from './job-intake.js';
import type { QueueCommands } from './queue-commands.js';
import type { BrokerProblem } from '../redis-broker.options.js';

/** What the registry needs of the worker. */
export interface RegistryHost {
  now(): number;
  /** Stores the end of a completed run; `json` is undefined when there is no result. */
  complete(run: ActiveRun, result: unknown, json: string | undefined): void;
  /** A slot is free again. */
  freed(): void;
  report(problem: BrokerProblem): void;
  readonly suspects: CrashSuspects;
}

/** After an executor that broke its promise never to reject. */
const BROKEN_RUN_DELAY_MS = 1_000;

/** The runs of one queue in this process: starts them and stores how they end. */
export class RunRegistry {
  readonly active = new Map<string, ActiveRun>();
  private readonly failures: FailureWriter;

  constructor(
    private readonly commands: QueueCommands,
    private readonly intake: JobIntake,
    private readonly run: RunDelivery,
    private readonly host: RegistryHost,
  ) {
    this.failures = new FailureWriter(commands);
  }

  /** Runs a job that was taken, to its end. Never rejects. */
  async begin([id, pairs]: TakenReply[0][number]): Promise<void> {
    const hash = hashOf(pairs);
    let run: ActiveRun;
    try {
      run = this.intake.toRun(id, hash);
    } catch (error) {
      return this.bury(id, hash, error as Error);
    }
    this.active.set(id, run);
    if (run.isSuspect && !(await this.hasItsTurn(run))) {
      this.host.freed();
      return;
    }
    if (run.job.opts.repeat !== undefined && !(await this.scheduleNext(run))) {
      return this.store(run, { kind: 'handed-back' });
    }
    const outcome = this.run(run);
    emitSafely(this.commands.queue, 'active', run.job, outcome, 'waiting');
    await this.store(run, await outcome.catch((error: unknown) => this.brokenRun(run, error)));
  }

  /** Gives a job back that came when none was wanted any more. Never rejects. */
  async giveBack([id, pairs]: TakenReply[0][number]): Promise<void> {
    try {
      await this.failures.release({ id, fence: hashOf(pairs)['mqRun'] ?? '' }, null, this.host.now());
    } catch (error) {
      this.report(
        'settlement',
        id,
        `Job "${id}" could not be handed back; it runs when its lock has run out.`,
        error,
      );
    }
  }

  /** The end of a completed run is stored: `status` is the script's. */
  completed(run: ActiveRun, result: unknown, status: number, finishedOn: number): void {
    this.forget(run);
    run.noteStored(status !== 0);
    if (status === 0) return this.reportLost(run);
    run.job.returnvalue = result ?? 0;
    run.job.finishedOn = finishedOn;
    emitSafely(this.commands.queue, 'completed', run.job, result, 'active');
  }

  unstorable(run: ActiveRun, error: unknown): void {
    this.forget(run);
    run.noteStored(false);
    this.report(
      'settlement',
      run.id,
      `How job "${run.id}" ended could not be stored; it will run again.`,
      error,
    );
  }

  /** Entries of the queue that had no job behind them. */
  phantoms(ids: readonly string[]): void {
    for (const id of ids) {
      const message = `Entry "${id}" has no job behind it: Redis lost or evicted it. It was removed and not run.`;
      this.report('phantom-job', id, message);
    }
  }

  /** @returns false when the job was lost meanwhile; a run whose signal aborted goes on to be ended in order */
  private async hasItsTurn(run: ActiveRun): Promise<boolean> {
    await this.host.suspects.enter(run);
    if (run.signal.aborted) return true;
    try {
      if (await this.intake.beginSuspect(run)) return true;
      this.reportLost(run);
    } catch (error) {
      const message = `Job "${run.id}" could not be begun; it runs when its lock has run out.`;
      this.report('settlement', run.id, message, error);
    }
    this.forget(run);
    return false;
  }

  private async store(run: ActiveRun, settlement: Settlement): Promise<void> {
    try {
      if (settlement.kind !== 'completed') await this.storeOther(run, settlement);
      else {
        const failure = this.complete(run, settlement.result);
        if (failure === null) return;
        run.noteStored(false);
        await this.storeOther(run, failure);
      }
    } catch (error) {
      this.unstorable(run, error);
    }
    this.host.freed();
  }

  /** @returns how the run ends instead when the result is nothing that JSON can hold */
  private complete(run: ActiveRun, result: unknown): FailedSettlement | null {
    let json: string | undefined;
    try {
      json = JSON.stringify(result);
    } catch (error) {
      return unstorableResult(run.job, error, this.host.now());
    }
    this.host.complete(run, result, json);
    return null;
  }

  private async storeOther(
    run: ActiveRun,
    settlement: Exclude<Settlement, { kind: 'completed' }>,
  ): Promise<void> {
    const now = this.host.now();
    if (settlement.kind === 'failed') {
      const stored = await this.failures.fail(run, settlement, now);
      this.forget(run);
      run.noteStored(stored);
      if (stored) emitSafely(this.commands.queue, 'failed', run.job, settlement.error, 'active');
      else this.reportLost(run);
      return;
    }
    if (settlement.kind !== 'abandoned') {
      const delayMs = settlement.kind === 'deferred' ? settlement.delayMs : null;
      run.noteStored(await this.failures.release(run, delayMs, now));
    }
    this.forget(run);
  }

  /** A retry without delay may have been taken, and stand here, before the answer to this run's failure is seen. */
  private forget(run: ActiveRun): void {
    if (this.active.get(run.id) === run) this.active.delete(run.id);
    this.host.suspects.leave(run);
  }

  private async scheduleNext({ job, id }: ActiveRun): Promise<boolean> {
    try {
      await this.commands.queue.nextRepeatableJob(job.name, job.data as object, job.opts);
      return true;
    } catch (error) {
      this.report('queue', id, `The next run of repeatable job "${id}" could not be scheduled.`, error);
      return false;
    }
  }

  private brokenRun(run: ActiveRun, error: unknown): Settlement {
    this.report(
      'queue',
      run.id,
      `The executor rejected while it ran job "${run.id}"; the job runs again.`,
      error,
    );
    return { kind: 'deferred', delayMs: BROKEN_RUN_DELAY_MS, reason: 'The executor rejected.' };
  }

  private async bury(id: string, hash: Record<string, string>, error: Error): Promise<void> {
    const message = `Job "${id}" is stored in a form that cannot be read: ${error.message}`;
    this.report('queue', id, message, error);
    const now = this.host.now();
    try {
      if (await this.failures.bury(id, hash, message, now)) this.tellBuried(id, hash, message, now);
    } catch (cause) {
      this.report('settlement', id, `Job "${id}" could not be made a dead letter.`, cause);
    }
    this.host.freed();
  }

  private tellBuried(id: string, hash: Record<string, string>, message: string, now: number): void {
    const { queue } = this.commands;
    const { name: job = '', attemptsMade = '0' } = hash;
    const error = new UnrecoverableJobError(message, { queue: queue.name, job, jobId: id });
    const attempt = Number(attemptsMade) + 1;
    const failure = failureRecordOf(error, attempt, 'error', now);
    emitSafely(queue, JOB_BURIED, { jobId: id, job, attempt, error, failure } satisfies BuriedJob);
  }

  private reportLost(run: ActiveRun): void {
    const place = { queue: this.commands.queue.name, jobId: run.id };
    const message = `Job "${run.id}" belongs to another worker now, or is gone from Redis: its end was not stored.`;
    this.report('lock-lost', run.id, message, new LockLostError(message, place));
  }

  private report(kind: BrokerProblem['kind'], jobId: string, message: string, cause?: unknown): void {
    this.host.report({ kind, queue: this.commands.queue.name, jobId, message, cause });
  }
}
