import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';

/** How often the loop is asked, milliseconds: often enough to see what holds up jobs, seldom enough to cost nothing. */
const EVERY_MS = 100;

/** How late the event loop of this process runs its timers. */
export class LoopLag {
  private delays: IntervalHistogram | null = null;
  private last = 0;

  /** Begins; a second call does nothing. It keeps no process open. */
  start(): void {
    if (this.delays !== null) return;
    this.delays = monitorEventLoopDelay({ resolution: EVERY_MS });
    this.delays.enable();
  }

  stop(): void {
    this.delays?.disable();
    this.delays = null;
  }

  /** The 99th percentile since this was last asked, milliseconds; where nothing was seen since, what it was then. 0 before it began. */
  get currentMs(): number {
    const { delays } = this;
    if (delays === null || delays.count === 0) return this.last;
    // What it measures is the time between two looks.
    this.last = Math.max(0, Math.round(delays.percentile(99) / 1e6 - EVERY_MS));
    delays.reset();
    return this.last;
  }
}
