import type { FailedSweep } from '../../broker.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { countFailedScript, sweepFailedScript } from '../scripts/dead-letters.lua.js';

/** Letters counted by one script: more would block Redis for other clients. */
const COUNT_STEP = 1_000;
/** Shortest time between two reports of what was dropped; a little less than a minute, or every other sweep would come too early. */
const REPORT_EVERY_MS = 55_000;

/** What a step of counting answers: the first four arguments of the next one. */
type CountStep = readonly [count: number, bytes: number, knownCount: string, knownBytes: string];

/** Keeps failed sets within their bounds. */
export class FailedSweeper {
  constructor(private readonly scripts: RedisScripts) {}

  /** @param now milliseconds since the epoch */
  async sweep(queue: RedisQueue, step: number, now: number): Promise<FailedSweep> {
    const { failedAgeMs, failedCount, failedBytes } = queue.definition.retention;
    const args = [now, now - failedAgeMs, failedCount, failedBytes, step, REPORT_EVERY_MS];
    const reply = await this.scripts.runPatiently(sweepFailedScript, queue.base, args);
    const [removed, mustCount, dropped] = reply as [string[], 0 | 1, number];
    if (mustCount === 1) await this.count(queue);
    if (removed.length > 0) queue.emit('cleaned', removed, 'failed');
    return { removed: removed.length, dropped };
  }

  private async count(queue: RedisQueue): Promise<void> {
    let known: CountStep = [0, 0, '', ''];
    for (let first = 0; ; first += COUNT_STEP) {
      const args = [first, COUNT_STEP, ...known];
      const reply = await this.scripts.runPatiently(countFailedScript, queue.base, args);
      if (reply === null) return;
      known = reply as CountStep;
    }
  }
}
