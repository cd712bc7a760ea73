import type { TakenJob } from '../../../jobs/taken-job.js';

/**
 * Lets jobs that crashed twice, and so may be what kills this process, run one at a time. Whatever runs beside such a job dies with it, comes
 * back beside it and would be counted out with it; a job that waits here for its turn leaves no crash record.
 */
export class CrashSuspects {
  private current: TakenJob | null = null;
  private readonly waiting = new Map<TakenJob, () => void>();

  /** Resolves when it is the run's turn, or it must stop. */
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

  /** The run is over, or waits no more; the next one begins. Nothing happens for a run that never entered. */
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
