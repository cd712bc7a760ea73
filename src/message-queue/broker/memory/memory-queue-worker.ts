import type { Clock } from '../../../kernel/time/clock.js';
import type { MessageQueueError } from '../../../kernel/errors.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import type { Settlement } from '../../jobs/settlement.js';
import { TakenJob } from '../../jobs/taken-job.js';
import type { RunBatch, RunJob } from '../../jobs/taken-job.js';
import type { QueueWorker } from '../broker.js';
import { brokenRun, startRun } from '../rules/broken-run.js';
import { JOB_ENDED } from '../rules/events/local-events.js';
import type { QueueSchedules } from './bull/adding/queue-schedules.js';
import type { MemoryJob } from './bull/job/memory-job.js';
import type { SettlementWriter } from './settlement-writer.js';
import type { QueueEvents } from './store/queue-events.js';
import type { StoredJob } from './store/stored-job.js';
import type { WorkerLoop } from './worker-loop.js';

/** What a worker is made of. */
export interface WorkerParts {
  readonly definition: QueueDefinition;
  readonly clock: Clock;
  readonly events: QueueEvents;
  readonly loop: WorkerLoop;
  readonly run: RunJob;
  readonly runBatch: RunBatch;
  /** Takes the other jobs of its batch. */
  readonly companionsOf: (stored: StoredJob) => readonly StoredJob[];
  readonly writer: SettlementWriter;
  readonly handleOf: (stored: StoredJob) => MemoryJob;
  readonly schedules: Pick<QueueSchedules, 'endWith'>;
}

/** Gives a queue's jobs to the executor and stores how they ended: taken → run → its end is stored, and told. */
export class MemoryQueueWorker implements QueueWorker {
  readonly active = new Map<string, TakenJob>();
  private isCutOff = false;
  private idleWaiters: (() => void)[] = [];

  constructor(protected readonly parts: WorkerParts) {}

  /** Whether it was stopped and nothing runs any more: another may take its place. */
  get hasEnded(): boolean {
    return this.parts.loop.isStopped && this.active.size === 0;
  }

  /** Starts a run for the loop. */
  begin(stored: StoredJob, number: number): void {
    const { loop, events } = this.parts;
    void this.runToEnd(stored).then(
      () => loop.done(number),
      (error: unknown) => {
        events.emit('error', error);
        loop.done(number);
      },
    );
  }

  /** One run, from being taken until its end is stored. */
  async runToEnd(stored: StoredJob): Promise<void> {
    const companions = this.parts.companionsOf(stored);
    if (companions.length > 0) return this.runBatchToEnd([stored, ...companions]);
    await this.runTaken(stored, this.take(stored, TakenJob));
  }

  /** @returns how it ended, once that is stored */
  protected async runTaken(stored: StoredJob, taken: TakenJob): Promise<Settlement> {
    const { run, events } = this.parts;
    const outcome = startRun(run, taken);
    if (events.wants('active')) events.emit('active', taken.job, outcome, 'waiting');
    let settlement: Settlement;
    try {
      settlement = await outcome;
    } catch (error) {
      settlement = this.broken(taken, error);
    }
    this.end(stored, taken, settlement);
    return settlement;
  }

  private async runBatchToEnd(jobs: readonly StoredJob[]): Promise<void> {
    const { runBatch, events } = this.parts;
    const members = jobs.map((stored) => this.take(stored, TakenJob));
    const outcome = startRun(runBatch, members);
    if (events.wants('active')) for (const { job } of members) events.emit('active', job, outcome, 'waiting');
    let settlements: readonly Settlement[];
    try {
      settlements = await outcome;
    } catch (error) {
      settlements = members.map((taken) => this.broken(taken, error));
    }
    jobs.forEach((stored, i) => this.end(stored, members[i] as TakenJob, settlements[i] as Settlement));
  }

  /** Aborts the run of a job if it is here. */
  abort(jobId: string, reason: MessageQueueError): void {
    this.active.get(jobId)?.abort(reason);
  }

  stopFetching(): Promise<void> {
    this.parts.loop.stop();
    return Promise.resolve();
  }

  whenIdle(): Promise<void> {
    if (this.active.size === 0 || this.isCutOff) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  /** Nobody waits for the runs that go on, now and later. */
  cutOff(): void {
    this.isCutOff = true;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  abortActive(reason: MessageQueueError): void {
    for (const taken of this.active.values()) taken.abort(reason);
  }

  /** @param Taken whose run it is */
  protected take<Taken extends TakenJob>(
    stored: StoredJob,
    Taken: new (...parts: ConstructorParameters<typeof TakenJob>) => Taken,
  ): Taken {
    // A job in memory dies with its worker: there are no crashes.
    const taken = new Taken(
      this.parts.handleOf(stored),
      undefined,
      stored.options,
      stored.history?.unknown?.since,
      stored.history?.waitsSince,
      stored.history?.putOffUntil,
    );
    this.active.set(stored.id, taken);
    const stopReason = stored.history?.stopReason;
    if (stopReason !== undefined) taken.abort(stopReason);
    return taken;
  }

  private broken(taken: TakenJob, error: unknown): Settlement {
    const { definition, clock, events } = this.parts;
    return brokenRun(taken, error, definition, clock.now(), (end) => events.emit(JOB_ENDED, end));
  }

  private end(stored: StoredJob, taken: TakenJob, settlement: Settlement): void {
    if (this.active.get(stored.id) === taken) this.active.delete(stored.id);
    if (settlement.kind === 'completed' && settlement.ended === 'shredded')
      this.parts.schedules.endWith(stored);
    taken.noteStored(this.parts.writer.write(stored, taken, settlement));
    if (this.active.size > 0 || this.idleWaiters.length === 0) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}
