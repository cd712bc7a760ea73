import type { Clock, ClockTimer } from '../../../../../kernel/time/clock.js';

/** The one timer of a queue: rings when the next delayed job is due or the rate limit opens. */
export class DelayTimer {
  private timer: ClockTimer | null = null;
  private ringsAt = Number.POSITIVE_INFINITY;
  private keepsAlive = false;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** Rings at `at` (null: not at all). An earlier ring that is set already may stand: it only asks what is due. */
  update(at: number | null, keepAlive: boolean): void {
    if (at === null) {
      this.cancel();
      return;
    }
    if (this.timer !== null && this.ringsAt <= at && this.keepsAlive === keepAlive) return;
    this.cancel();
    this.ringsAt = at;
    this.keepsAlive = keepAlive;
    this.timer = this.clock.setTimer(
      () => {
        this.timer = null;
        this.ringsAt = Number.POSITIVE_INFINITY;
        this.ring();
      },
      Math.max(0, at - this.clock.now()),
      { keepAlive },
    );
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = null;
    this.ringsAt = Number.POSITIVE_INFINITY;
  }
}

/** The first of some times; null when there is none. */
export function earliest(times: readonly (number | null | undefined)[]): number | null {
  const known = times.filter((time) => time !== null && time !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}
