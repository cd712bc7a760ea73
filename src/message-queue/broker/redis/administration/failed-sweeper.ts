import type { FailedSweep } from '../../broker.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { sweepExpiredScript } from '../scripts/expiry/expire-jobs.lua.js';
import { countFailedScript, sweepFailedScript } from '../scripts/dead-letters.lua.js';

/** Letters counted by one script, about 2 ms: more would block Redis for other clients. */
const COUNT_STEP = 250;
/** Steps that one sweep takes, unless the count is known to be wrong. */
const MOST_STEPS = 80;
/** Between two counts, for each letter that was counted: so counting takes less than a hundredth of Redis' time. */
const REST_PER_LETTER_MS = 1;
/** Shortest time between two reports of what was dropped; a little less than a minute, or every other sweep would come too early. */
const REPORT_EVERY_MS = 55_000;

/** Keeps failed sets, and those of expired jobs, within their bounds. */
export class FailedSweeper {
  constructor(private readonly scripts: RedisScripts) {}

  /** @param now milliseconds since the epoch */
  async sweep(queue: RedisQueue, step: number, now: number): Promise<FailedSweep> {
    const { failedAgeMs, failedCount, failedBytes, completedAgeMs, completedCount } =
      queue.definition.retention;
    // First, because what others brought or took away decides what is too much.
    await this.count(queue, now);
    const args = [now, now - failedAgeMs, failedCount, failedBytes, step, REPORT_EVERY_MS];
    const reply = await this.scripts.runPatiently(sweepFailedScript, queue.base, args);
    const [removed, dropped] = reply as [string[], number];
    await this.scripts.runPatiently(sweepExpiredScript, queue.base, [now, completedCount, completedAgeMs]);
    if (removed.length > 0) queue.emit('cleaned', removed, 'failed');
    return { removed: removed.length, dropped };
  }

  private async count(queue: RedisQueue, now: number): Promise<void> {
    for (
      let taken = 0, answer: unknown = 1;
      answer === 2 || (answer === 1 && taken < MOST_STEPS);
      taken += 1
    ) {
      const args = [now, COUNT_STEP, REST_PER_LETTER_MS, taken === 0 ? 1 : 0];
      answer = await this.scripts.runPatiently(countFailedScript, queue.base, args);
    }
  }
}
