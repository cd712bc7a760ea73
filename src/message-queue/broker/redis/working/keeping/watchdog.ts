import type { BrokerProblem } from '../../redis-broker.options.js';
import type { RedisQueueWorker } from '../redis-queue-worker.js';
import type { WaitSignal } from '../wait-signal.js';

/** Rebuilds a worker's blocking connection when jobs wait, slots are free, and nothing moves. */
export class Watchdog {
  private lastProgress = -1;
  private stuckSince: number | null = null;

  constructor(
    private readonly queue: string,
    private readonly worker: RedisQueueWorker,
    private readonly signal: WaitSignal,
    private readonly afterMs: number,
    private readonly report: (problem: BrokerProblem) => void,
  ) {}

  /** Call it several times while `afterMs` passes, with the number of jobs that wait. */
  see(waiting: number): void {
    const moved = this.worker.progress !== this.lastProgress;
    this.lastProgress = this.worker.progress;
    if (moved || waiting === 0 || this.worker.hunger === 0) {
      this.stuckSince = null;
      return;
    }
    const now = performance.now();
    this.stuckSince ??= now;
    if (now - this.stuckSince < this.afterMs) return;
    this.stuckSince = null;
    const message = `Queue "${this.queue}" has ${waiting} waiting jobs, free slots, and no progress for ${this.afterMs} ms: rebuilding its connection.`;
    this.report({ kind: 'no-progress', queue: this.queue, message });
    this.signal.rebuild();
  }
}
