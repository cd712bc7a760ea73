import type { RateLimiter as RateLimiterOptions } from 'bull';

interface Window {
  endsAt: number;
  started: number;
  /** Jobs of the group that were put off until this window ends. */
  putOff: number;
}

/** Bull's `limiter`: at most `max` starts per `duration` milliseconds, over all jobs or per group. */
export class RateLimiter {
  private readonly windows = new Map<string, Window>();

  /** @throws TypeError without `max` and `duration`, as Bull */
  constructor(readonly options: RateLimiterOptions) {
    if (!options.max || !options.duration)
      throw new TypeError('Limiter requires `max` and `duration` options');
  }

  /** The group of a job: what its id ends with, as Bull writes it there. */
  groupOf(jobId: string): string {
    return this.options.groupKey === undefined ? '' : jobId.slice(jobId.lastIndexOf(':') + 1);
  }

  /** Counts a start; or, when none is allowed, tells from when on it is worth trying. */
  start(group: string, now: number): { allowed: true } | { allowed: false; notBefore: number } {
    const window = this.windows.get(group);
    if (window === undefined || window.endsAt <= now) {
      this.forgetPast(now);
      this.windows.set(group, { endsAt: now + this.options.duration, started: 1, putOff: 0 });
      return { allowed: true };
    }
    if (window.started < this.options.max) {
      window.started += 1;
      return { allowed: true };
    }
    return { allowed: false, notBefore: window.endsAt };
  }

  /** When a job that has to wait for its group is due: spread over the windows to come. */
  putOff(group: string, now: number): number {
    const window = this.windows.get(group);
    if (window === undefined) return now;
    const ahead = Math.floor(window.putOff / this.options.max);
    window.putOff += 1;
    return window.endsAt + ahead * this.options.duration;
  }

  private forgetPast(now: number): void {
    for (const [group, window] of this.windows) if (window.endsAt <= now) this.windows.delete(group);
  }
}
