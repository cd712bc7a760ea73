import type { WorkerSlots } from './worker-slots.js';

/** How long Redis may take for an answer once a worker was stopped and none of its handlers runs, milliseconds. */
export const LAST_ANSWER_MS = 500;

/**
 * Knows when a worker is at rest: no job is here, and none is on its way. One that was stopped, and runs no handler, does
 * not wait for a Redis that stays silent, so that its process ends: jobs that it may hold run again when their locks expire.
 */
export class WorkerRest {
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;
  /** Nobody waits any more for the answers that Redis owes. */
  private isCutOff = false;

  constructor(private readonly slots: Pick<WorkerSlots, 'areIdle' | 'anyRuns'>) {}

  get isReached(): boolean {
    return this.slots.areIdle || this.isCutOff;
  }

  whenReached(): Promise<void> {
    return this.isReached ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The worker was stopped. */
  stop(): void {
    this.isStopped = true;
    this.look();
  }

  /** Call when a handler has settled or Redis has answered: each answer gives it time for the next one. */
  look(): void {
    if (this.isStopped) this.limit();
    if (this.waiting.length > 0 && this.isReached) this.tell();
  }

  /** Nobody shall wait any longer: everything closes, whatever still runs. */
  cutOff(): void {
    this.isCutOff = true;
    this.tell();
  }

  private limit(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.isReached || this.slots.anyRuns) return;
    this.timer = setTimeout(() => this.cutOff(), LAST_ANSWER_MS);
  }

  private tell(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
