import type { RateLimiter as RateLimiterOptions } from 'bull';
import type { StartDecision, StartLimit } from '../../store/queue-engine.options.js';
import type { StoredJob } from '../../store/stored-job.js';

interface Window {
  endsAt: number;
  started: number;
  /** Jobs of the group that were put off until this window ends. */
  putOff: number;
}

/**
 * Equal to Bull: its `limiter`, at most `max` starts per `duration` milliseconds, over all jobs or per group. Without
 * groups the jobs stay in their order: Bull would move every one that waits to delayed, and mix them up.
 */
export class RateLimiter implements StartLimit {
  private readonly windows = new Map<string, Window>();

  /** @throws TypeError without `max` and `duration`, as Bull */
  constructor(private readonly options: RateLimiterOptions) {
    if (!options.max || !options.duration)
      throw new TypeError('Limiter requires `max` and `duration` options');
  }

  start(job: StoredJob, now: number): StartDecision {
    const { groupKey, duration, max } = this.options;
    // What the id ends with, as Bull writes it there.
    const group = groupKey === undefined ? '' : job.id.slice(job.id.lastIndexOf(':') + 1);
    const window = this.windows.get(group);
    if (window === undefined || window.endsAt <= now) {
      this.forgetPast(now);
      this.windows.set(group, { endsAt: now + duration, started: 1, putOff: 0 });
      return 'start';
    }
    if (window.started < max) {
      window.started += 1;
      return 'start';
    }
    if (groupKey === undefined) return { queueWaitsUntil: window.endsAt };
    // Spread over the windows to come.
    const ahead = Math.floor(window.putOff / max);
    window.putOff += 1;
    return { jobWaitsUntil: window.endsAt + ahead * duration };
  }

  private forgetPast(now: number): void {
    for (const [group, window] of this.windows) if (window.endsAt <= now) this.windows.delete(group);
  }
}
