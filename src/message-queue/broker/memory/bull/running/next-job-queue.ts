import type { ClockTimer } from '../../../../../kernel/time/clock.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';

interface Waiter {
  readonly resolve: (job: MemoryJob | undefined) => void;
  readonly timer: ClockTimer;
}

/** Equal to Bull: those who take jobs by hand (`getNextJob`), served in the order in which they asked. */
export class NextJobQueue {
  private readonly waiters: Waiter[] = [];

  constructor(
    private readonly engine: QueueEngine,
    private readonly handleOf: (stored: StoredJob) => MemoryJob,
  ) {}

  /** The next job at once, or the first that comes within `waitMs`; undefined when none does. */
  next(waitMs: number): Promise<MemoryJob | undefined> {
    const stored = this.engine.take();
    if (stored !== null) return Promise.resolve(this.handleOf(stored));
    // As Bull: whoever finds out that the queue has drained is not made to wait.
    if (!this.engine.drained) {
      this.engine.noteDrained();
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        resolve(undefined);
      };
      const waiter = { resolve, timer: this.engine.clock.setTimer(giveUp, waitMs, { keepAlive: true }) };
      this.waiters.push(waiter);
    });
  }

  /** There may be a job to give. */
  serve(): void {
    while (this.waiters.length > 0) {
      const stored = this.engine.take();
      if (stored === null) return;
      const waiter = this.waiters.shift();
      waiter?.timer.cancel();
      waiter?.resolve(this.handleOf(stored));
    }
  }

  /** Nobody is given a job any more who waits now: this process pauses or closes. */
  giveUp(): void {
    for (const waiter of this.waiters.splice(0)) {
      waiter.timer.cancel();
      waiter.resolve(undefined);
    }
  }
}
