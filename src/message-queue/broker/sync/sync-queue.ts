import { isBatched } from '../../jobs/queue-definition.js';
import { JobFailedError } from '../../jobs/errors-in-caller.js';
import type { RunBatch, RunJob } from '../../jobs/taken-job.js';
import type { AddOutcome } from '../broker.js';
import { replayOne } from '../memory/administration/dead-letters.js';
import type { NewJob } from '../memory/bull/adding/new-job.js';
import type { MemoryJob } from '../memory/bull/job/memory-job.js';
import { ManagedMemoryQueue } from '../memory/managed-memory-queue.js';
import type { NamedJob } from '../memory/managed-memory-queue.js';
import type { MemoryQueueWorker, WorkerParts } from '../memory/memory-queue-worker.js';
import type { StoredJob } from '../memory/store/stored-job.js';
import { AskedJob } from './asked-job.js';
import { assertDepth } from './nested-runs.js';
import { SyncWorker } from './sync-worker.js';

/** Who replays a dead letter when its add is made again, as its record names him. */
const ADDER = 'add';

/** A queue whose jobs run in whoever adds them, as soon as nothing but their turn keeps them from it. */
export class SyncQueue extends ManagedMemoryQueue {
  private syncWorker: SyncWorker | null = null;

  override work(concurrency: number, run: RunJob, runBatch?: RunBatch): MemoryQueueWorker {
    const nested: RunJob = (taken) =>
      taken instanceof AskedJob ? taken.depth.within(() => run(taken)) : run(taken);
    return super.work(concurrency, nested, runBatch);
  }

  protected override newWorker(parts: WorkerParts): MemoryQueueWorker {
    this.syncWorker = new SyncWorker(parts);
    return this.syncWorker;
  }

  /** @throws SyncDepthError when it would run too deep inside of others */
  protected override assertRoom(job: NewJob): void {
    super.assertRoom(job);
    const isDue = !(job.options.delay > 0) && job.options.repeat === undefined;
    if (isDue && this.isRunning) assertDepth({ queue: this.name, job: job.name });
  }

  /** One after the other; one that fails keeps none of the others from running, and is told once all have. */
  protected override addEach(jobs: readonly NamedJob[]): Promise<MemoryJob>[] {
    let before: Promise<unknown> = Promise.resolve();
    const adds = jobs.map(([name, job]) => {
      const added = before.then(() => this.addForHandle(name, job));
      before = added.catch(() => undefined);
      return added;
    });
    return adds.map((added) => before.then(() => added));
  }

  protected override answer(added: StoredJob | string, job: NewJob): AddOutcome | Promise<AddOutcome> {
    if (typeof added !== 'string') return this.runNow(added);
    const known = this.engine.store.jobs.get(added);
    if (known?.state !== 'failed') return { id: added, deduplicated: true };
    if (known.name === job.name && known.data === job.json) return this.runAgain(known);
    // Of a sealed queue nobody knows here whether it is the same.
    if (this.definition.sealed === true) throw this.failedBefore(known);
    return { id: added, deduplicated: true };
  }

  protected override answerAgain(id: string): AddOutcome | Promise<AddOutcome> {
    const known = this.engine.store.jobs.get(id);
    return known?.state === 'failed' ? this.runAgain(known) : super.answerAgain(id);
  }

  private get isRunning(): boolean {
    return this.syncWorker !== null && !this.parts.running.isHeld && !this.engine.paused;
  }

  /** A job that has to wait is answered as in memory, and runs when it may: its caller does not wait with it. */
  private runNow(stored: StoredJob): AddOutcome | Promise<AddOutcome> {
    const outcome: AddOutcome = { id: stored.id, deduplicated: false };
    const { syncWorker } = this;
    if (syncWorker === null || !this.isRunning || isBatched(this.definition, stored.name)) return outcome;
    if (!this.engine.takeNow(stored)) return outcome;
    return syncWorker.runFor(stored).then(() => {
      if (this.engine.waitingCount === 0) this.engine.noteDrained();
      return outcome;
    });
  }

  /** Its add rejected, so whoever makes it again is the one who tries again. */
  private runAgain(letter: StoredJob): AddOutcome | Promise<AddOutcome> {
    if (this.isRunning) assertDepth({ queue: this.name, job: letter.name });
    replayOne(this.engine, letter.id, { at: this.engine.clock.now(), by: ADDER });
    return this.runNow(letter);
  }

  private failedBefore({ id, name, history }: StoredJob): JobFailedError {
    const cause = new Error(history?.failedReason ?? '');
    return new JobFailedError({ queue: this.name, job: name, jobId: id, cause });
  }
}
