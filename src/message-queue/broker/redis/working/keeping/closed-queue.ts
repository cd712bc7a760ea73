import type { ClosedRates } from '../job-intake.js';

/** Shorter waits are not worth a call: what they are late by is caught up with. Milliseconds. */
const LEAST_WAIT_MS = 5;

/** Knows until when the rate of its queue lets nothing start. */
export class ClosedQueue {
  /** Resolves when it may be asked again; null while it is open, as far as is known. */
  opening: Promise<void> | null = null;

  /** @param onClosed a call closed something that opens in so many milliseconds */
  constructor(private readonly onClosed: (opensInMs: number) => void) {}

  /** What a call was told. */
  note(...[opensInMs, closedForMs]: ClosedRates): void {
    if (opensInMs !== null) this.onClosed(Math.max(LEAST_WAIT_MS, opensInMs));
    if (closedForMs === null || this.opening !== null) return;
    this.opening = new Promise((resolve) => {
      const open = (): void => {
        this.opening = null;
        resolve();
      };
      setTimeout(open, Math.max(LEAST_WAIT_MS, closedForMs)).unref();
    });
  }
}
