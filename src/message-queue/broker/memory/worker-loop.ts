import { performance } from 'node:perf_hooks';
// Taken when the module loads: fake timers of a host's tests must not stop the queue.
import { clearImmediate, setImmediate } from 'node:timers';
import { inRootContext } from '../../../kernel/host/root-context.js';
import type { StoredJob } from './store/stored-job.js';

/** How long the loop starts jobs without letting timers and I/O have their turn, in milliseconds. */
const TURN_MS = 5;
const STARTS_BETWEEN_LOOKS = 4;

/**
 * Keeps up to `limit` runs going: starts the next job as soon as one has settled, in the same turn of the event loop
 * while that turn is young. Makes no timer and no promise of its own per job.
 */
export class WorkerLoop {
  /** Runs at the same time. */
  limit = 0;
  private running = 0;
  private halted = false;
  private stopped = false;
  private immediate: NodeJS.Immediate | null = null;
  private turnBegan = 0;
  private starts = 0;
  private filling = false;
  /** A run has settled whose slot has not looked for its next job. */
  private slotFreed = false;
  private runs = 0;
  private isCutOff = false;
  private waiters: { readonly upTo: number; remaining: number; resolve(): void }[] = [];

  /**
   * @param take gives the next job, or null when none may start now
   * @param onDry called when a run has settled and there is no next job
   * @param run starts the job; `done` must be called once with `number` when it has settled
   */
  constructor(
    private readonly take: () => StoredJob | null,
    private readonly onDry: () => void,
    private readonly run: (job: StoredJob, number: number) => void,
  ) {}

  get active(): number {
    return this.running;
  }

  private readonly plan = (): NodeJS.Immediate => setImmediate(this.turn);
  private readonly turn = (): void => {
    this.immediate = null;
    this.turnBegan = performance.now();
    this.fill();
  };

  /** There may be something to start. */
  wake(): void {
    if (this.immediate !== null || this.halted || this.running >= this.limit) return;
    // Whoever woke it adds a job in a request of its own, which is not that of the jobs that run now.
    this.immediate = inRootContext(this.plan);
  }

  /** A run has settled. @param number the one `run` was called with */
  done(number: number): void {
    this.running -= 1;
    this.slotFreed = true;
    if (this.waiters.length > 0) this.tellWaiters(number);
    this.fill();
  }

  /** No job starts until `resume`. Runs go on. */
  halt(): void {
    this.halted = true;
    if (this.immediate !== null) clearImmediate(this.immediate);
    this.immediate = null;
  }

  resume(): void {
    if (this.stopped) return;
    this.halted = false;
    this.wake();
  }

  /** Whether `stop` was called last. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Jobs start again after `stop`. */
  restart(): void {
    this.stopped = false;
    this.resume();
  }

  /** No job starts until `restart`. Runs go on. */
  stop(): void {
    this.stopped = true;
    this.halt();
  }

  /** Resolves when the runs that go on now have settled, or at once after `cutOff`. */
  whenCurrentSettled(): Promise<void> {
    if (this.running === 0 || this.isCutOff) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ upTo: this.runs, remaining: this.running, resolve }));
  }

  /** Nobody waits for the runs that go on, now and later. */
  cutOff(): void {
    this.isCutOff = true;
    for (const waiter of this.waiters.splice(0)) waiter.resolve();
  }

  private fill(): void {
    // A run that settles at once calls `done` from inside of `run`; the loop below then continues.
    if (this.filling) return;
    this.filling = true;
    try {
      while (!this.halted && this.running < this.limit && this.immediate === null) {
        if (this.turnIsOver()) {
          this.wake();
          break;
        }
        const job = this.take();
        const freed = this.slotFreed;
        this.slotFreed = false;
        if (job === null) {
          if (freed) this.onDry();
          break;
        }
        this.running += 1;
        this.runs += 1;
        this.run(job, this.runs);
      }
    } finally {
      this.filling = false;
    }
  }

  private tellWaiters(number: number): void {
    for (const waiter of this.waiters) if (number <= waiter.upTo) waiter.remaining -= 1;
    for (const waiter of this.waiters) if (waiter.remaining === 0) waiter.resolve();
    this.waiters = this.waiters.filter((waiter) => waiter.remaining > 0);
  }

  private turnIsOver(): boolean {
    this.starts += 1;
    if (this.starts % STARTS_BETWEEN_LOOKS !== 0) return false;
    return performance.now() - this.turnBegan > TURN_MS;
  }
}
