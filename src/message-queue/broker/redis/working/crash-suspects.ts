import type { TakenJob } from '../../../jobs/taken-job.js';

/**
 * Runs jobs that crashed twice, and so may be what kills this process, one at a time. Whatever runs beside such a job
 * dies with it, and would in the end be given up with it; a job that waits here for its turn gets no crash record.
 */
export class CrashSuspects {
  private current: TakenJob | null = null;
  private readonly waiting = new Map<TakenJob, () => void>();

  /** Resolves when it is the run's turn, or the run must stop. */
  async enter(taken: TakenJob): Promise<void> {
    if (this.current === null) {
      this.current = taken;
      return;
    }
    await new Promise<void>((resolve) => {
      this.waiting.set(taken, resolve);
      taken.onAbort(() => resolve());
    });
  }

  /** Ends a run or its wait, and lets the next one begin. Does nothing for a run that never entered. */
  leave(taken: TakenJob): void {
    this.waiting.delete(taken);
    if (this.current !== taken) return;
    const [next] = this.waiting;
    this.current = next?.[0] ?? null;
    if (next === undefined) return;
    this.waiting.delete(next[0]);
    next[1]();
  }
}
