import { CancelledError } from '../../../jobs/errors.js';
import { withCancellation } from '../../rules/job-record.js';
import type { CancelOutcome } from '../../broker.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { cancelJobScript } from '../scripts/cancel-job.lua.js';
import type { CancelMessage } from '../scripts/cancel-job.lua.js';
import { readOptions } from '../bull/stored-job.js';

/** Cancels jobs wherever they are. */
export class JobCanceller {
  constructor(
    private readonly scripts: RedisScripts,
    private readonly connections: RedisConnections,
  ) {}

  /** @param now milliseconds since the epoch */
  async cancel(queue: RedisQueue, id: string, reason: string, now: number): Promise<CancelOutcome> {
    const failedReason = CancelledError.messageOf(reason);
    const message: CancelMessage = { id, reason };
    const texts = [JSON.stringify({ jobId: id, val: failedReason }), JSON.stringify(message)];
    for (;;) {
      const [stored, attemptsMade] = await this.connections.client.hmget(
        queue.base + id,
        'opts',
        'attemptsMade',
      );
      const options = readOptions(stored ?? null);
      const mq = withCancellation(options.mq ?? {}, Number(attemptsMade ?? 0), reason, now);
      const outcome = await this.scripts.runPatiently(cancelJobScript, queue.base, [
        ...[id, now, reason, failedReason, JSON.stringify({ ...options, mq }), stored ?? '', ...texts],
      ]);
      if (outcome !== 'changed') return outcome as CancelOutcome;
    }
  }
}
