import { LockLostError } from '../../../jobs/errors.js';
import type { JobEnd } from '../../../jobs/events/job-end.js';
import type { JobResult } from '../../../jobs/job-result.js';
import type { FailedSettlement, Settlement } from '../../../jobs/settlement.js';
import type { RunBatch, RunJob } from '../../../jobs/taken-job.js';
import { brokenRun, startRun } from '../../rules/broken-run.js';
import { landFailure, landResult } from '../../rules/job-landing.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import { knowsJob } from '../../rules/other-releases.js';
import type { BrokerProblem } from '../redis-broker.options.js';
import type { CompletionBatcher } from './completion-batcher.js';
import type { CrashSuspects } from './crash-suspects.js';
import { ExpiredJobs } from './keeping/expired-jobs.js';
import { EndWriter } from './end-writer.js';
import type { JobIntake } from './job-intake.js';
import type { QueueCommands } from './queue-commands.js';
import { RedisTakenJob } from '../bull/redis-taken-job.js';
import { JobReader } from '../bull/job-reader.js';
import type { TakenEntry } from '../bull/taken-entry.js';
import { NOT_SCHEDULED, ScheduleRuns } from './schedule-runs.js';
import { UnreadableJobs } from './unreadable-jobs.js';

/** What the pipe depends on. */
export interface PipeParts {
  readonly commands: QueueCommands;
  readonly intake: JobIntake;
  readonly completions: Pick<CompletionBatcher, 'complete'>;
  readonly run: RunJob;
  readonly runBatch: RunBatch;
  /** Hands back the jobs that were taken ahead; resolves when they stand in front of their lanes. */
  readonly yieldJobs: () => Promise<void>;
  readonly now: () => number;
  readonly report: (problem: BrokerProblem) => void;
  /** Of this process. */
  readonly suspects: CrashSuspects;
}

/** How a run ended that did not complete its job. */
type UnsuccessfulSettlement = Exclude<Settlement, { kind: 'completed' }>;

/** Takes jobs through this process: taken → its turn → run → its end is stored, then announced. */
export class JobPipe {
  /** By job id, until the end is stored. */
  readonly active = new Map<string, RedisTakenJob>();
  private readonly ends: EndWriter;
  private readonly reader: JobReader;
  readonly unreadable: UnreadableJobs;
  private readonly scheduleRuns: ScheduleRuns;
  readonly expired: ExpiredJobs;

  constructor(private readonly parts: PipeParts) {
    this.ends = new EndWriter(parts.commands);
    this.unreadable = new UnreadableJobs({
      ...{ commands: parts.commands, ends: this.ends, now: parts.now },
      report: (kind, jobId, message, cause) => this.report(kind, jobId, message, cause),
    });
    this.scheduleRuns = new ScheduleRuns(parts.commands, (jobId, message, cause) =>
      this.report('queue', jobId, message, cause),
    );
    this.expired = new ExpiredJobs(parts.commands, parts.now, (error) => parts.commands.noteRefusal(error));
    this.reader = new JobReader(parts.commands.queue, parts.commands.queue.definition);
  }

  /** Takes a job in hand: from now on its lock is renewed. @returns when there is nothing to run, what resolves when that is settled */
  accept(entry: TakenEntry): RedisTakenJob | Promise<void> {
    if (entry.companions.length === 0) return this.acceptOne(entry);
    const accepted = [entry, ...entry.companions].map((one) => this.acceptOne(one));
    const [first, ...companions] = accepted.filter((one) => one instanceof RedisTakenJob);
    if (first === undefined) return Promise.all(accepted.map(async (one) => one)).then(() => undefined);
    first.companions = companions;
    for (const one of companions) one.isCompanion = true;
    return first;
  }

  private acceptOne(entry: TakenEntry): RedisTakenJob | Promise<void> {
    // After a reconnect, the call that ends runs and the search for lost answers may both return the same take.
    const known = this.active.get(entry.id);
    if (known !== undefined && known.fence === entry.mqRun) return Promise.resolve();
    try {
      const taken = new RedisTakenJob(this.reader, entry);
      this.active.set(taken.id, taken);
      return taken;
    } catch (error) {
      return this.unreadable.bury(entry, error as Error);
    }
  }

  /** Runs a job, or the batch that it leads, and stores how it ended. Never rejects. @param settled called when its handler is free for another */
  async run(taken: RedisTakenJob, settled: () => void): Promise<void> {
    const handler = { isFree: false };
    const settle = (): void => {
      handler.isFree = true;
      settled();
    };
    try {
      if (taken.companions.length > 0) await this.runBatch([taken, ...taken.companions], settle);
      else if (!taken.isSuspect || (await this.hasItsTurn(taken)))
        await this.storeEnd(taken, await this.runToEnd(taken), settle);
    } catch (error) {
      this.reportUnstored(taken, error);
    } finally {
      this.forget(taken);
      if (!handler.isFree) settled();
    }
  }

  private async runBatch(members: readonly RedisTakenJob[], settled: () => void): Promise<void> {
    const { commands, runBatch } = this.parts;
    const arePlanned = await Promise.all(
      members.map(async (taken) => taken.job.opts.repeat === undefined || this.scheduleRuns.goOn(taken)),
    );
    const running = members.filter((_taken, i) => arePlanned[i]);
    const outcome = startRun(runBatch, running);
    for (const { job } of running) commands.queue.emit('active', job, outcome, 'waiting');
    const settlements = await outcome.catch((error: unknown) =>
      running.map((taken) => this.brokenRun(taken, error)),
    );
    settled();
    await Promise.all(
      members.map(async (taken) => {
        const settlement = settlements[running.indexOf(taken)] ?? NOT_SCHEDULED;
        await this.storeEnd(taken, settlement).catch((error: unknown) => this.reportUnstored(taken, error));
        this.forget(taken);
      }),
    );
  }

  private async storeEnd(taken: RedisTakenJob, settlement: Settlement, settled?: () => void): Promise<void> {
    // In front of this one nothing may begin that was taken after it.
    if (settlement.kind === 'handed-back') await this.parts.yieldJobs();
    if (taken.unknownSince !== undefined && knowsJob(settlement)) await this.ends.endPassingOn(taken);
    settled?.();
    if (settlement.kind !== 'completed') {
      await this.store(taken, settlement);
      return;
    }
    const { result, ended } = settlement;
    if (ended === 'shredded') await this.scheduleRuns.endWith(taken);
    this.tellCompleted(taken, result, await this.parts.completions.complete(taken, result));
  }

  /** Gives back jobs that will not begin here. Never rejects. */
  async giveBack(jobs: readonly Pick<RedisTakenJob, 'id' | 'fence'>[]): Promise<void> {
    try {
      await this.ends.handBack(jobs);
    } catch (error) {
      for (const { id } of jobs) {
        const message = `Job "${id}" could not be handed back; it will run once its lock has expired.`;
        this.report('settlement', id, message, error);
      }
    }
    // Not before: as long as they are locked, the search for lost answers must not take them for unknown.
    for (const { id, fence } of jobs) if (this.active.get(id)?.fence === fence) this.active.delete(id);
  }

  /** @returns false when the job was lost meanwhile; a run that must stop still gets its regular end */
  private async hasItsTurn(taken: RedisTakenJob): Promise<boolean> {
    await this.parts.suspects.enter(taken);
    if (taken.abortReason !== undefined) return true;
    try {
      if (await this.parts.intake.beginSuspect(taken)) return true;
      this.reportLost(taken);
    } catch (error) {
      const message = `Job "${taken.id}" could not be started; it will run once its lock has expired.`;
      this.report('settlement', taken.id, message, error);
    }
    return false;
  }

  private async runToEnd(taken: RedisTakenJob): Promise<Settlement> {
    const { job } = taken;
    if (job.opts.repeat !== undefined && !(await this.scheduleRuns.goOn(taken))) return NOT_SCHEDULED;
    const outcome = startRun(this.parts.run, taken);
    this.parts.commands.queue.emit('active', job, outcome, 'waiting');
    try {
      return await outcome;
    } catch (error) {
      return this.brokenRun(taken, error);
    }
  }

  /** @throws the error that Redis refuses to store it with */
  private async store(taken: RedisTakenJob, settlement: UnsuccessfulSettlement): Promise<void> {
    if (settlement.kind === 'failed') await this.fail(taken, settlement);
    else if (settlement.kind !== 'abandoned')
      taken.noteStored(await this.ends.putOff(taken, settlement, this.parts.now()));
  }

  private tellCompleted(taken: RedisTakenJob, result: JobResult, finishedOn: number | null): void {
    const { queue } = this.parts.commands;
    this.forget(taken);
    taken.noteStored(finishedOn !== null);
    if (finishedOn === null) {
      this.reportLost(taken);
      return;
    }
    // The result is only parsed for a listener.
    if (queue.listenerCount('completed') === 0) return;
    landResult(taken.job, result, finishedOn);
    queue.emit('completed', taken.job, result.stored, 'active');
  }

  private async fail(taken: RedisTakenJob, settlement: FailedSettlement): Promise<void> {
    const landing = await this.ends.fail(taken, settlement, this.parts.now());
    this.forget(taken);
    if (landing !== null) landFailure(taken.job, landing);
    taken.noteStored(landing !== null);
    if (landing === null) {
      this.reportLost(taken);
      return;
    }
    this.parts.commands.queue.emit('failed', taken.job, settlement.error, 'active');
  }

  /** A retry without delay may be taken, and be here, before the answer to this run's failure is seen. */
  private forget(taken: RedisTakenJob): void {
    if (this.active.get(taken.id) === taken) this.active.delete(taken.id);
    this.parts.suspects.leave(taken);
  }

  private brokenRun(taken: RedisTakenJob, error: unknown): FailedSettlement {
    const { id } = taken;
    const { queue } = this.parts.commands;
    this.report(
      'queue',
      id,
      `The executor rejected while running job "${id}"; this counts as a failed attempt.`,
      error,
    );
    const tell = (end: JobEnd): void => void queue.emit(JOB_ENDED, end);
    return brokenRun(taken, error, queue.definition, this.parts.now(), tell);
  }

  private reportUnstored(taken: RedisTakenJob, error: unknown): void {
    taken.noteStored(false);
    const message = `The end of job "${taken.id}" could not be stored; the job will run again.`;
    this.report('settlement', taken.id, message, error);
  }

  private reportLost({ id }: RedisTakenJob): void {
    const place = { queue: this.parts.commands.queue.name, jobId: id };
    const message = `Job "${id}" now belongs to another worker or is gone from Redis: its end was not stored.`;
    this.report('lock-lost', id, message, new LockLostError(message, place));
  }

  private report(kind: BrokerProblem['kind'], jobId: string, message: string, cause?: unknown): void {
    this.parts.report({ kind, queue: this.parts.commands.queue.name, jobId, message, cause });
  }
}
