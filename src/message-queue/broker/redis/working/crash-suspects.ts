import type { ActiveRun } from './active-run.js';

/**
 * Lets jobs that crashed twice, and so may be what kills this process, run one at a time. Whatever runs beside such a job dies with it, comes
 * back beside it and would be counted out with it; a job that waits here for its turn leaves no crash record.
 */
export class CrashSuspects {
  private current: ActiveRun | null = null;
  private readonly waiting = new Map<ActiveRun, () => void>();

  /** Resolves when it is the run's turn, or its signal aborts. */
  async enter(run: ActiveRun): Promise<void> {
    if (this.current === null) {
      this.current = run;
      return;
    }
    await new Promise<void>((resolve) => {
      this.waiting.set(run, resolve);
      if (run.signal.aborted) resolve();
      run.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** The run is over, or waits no more; the next one begins. Nothing happens for a run that never entered. */
  leave(run: ActiveRun): void {
    this.waiting.delete(run);
    if (this.current !== run) return;
    const [next] = this.waiting;
    this.current = next?.[0] ?? null;
    if (next === undefined) return;
    this.waiting.delete(next[0]);
    next[1]();
  }
}
