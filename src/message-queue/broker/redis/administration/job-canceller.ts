import { randomUUID } from 'node:crypto';
import { compactOptions, fullOptions, storedPriority } from '../../../admission/stored-options.js';
import type { JobEnd } from '../../../jobs/events/job-end.js';
import { endedJob, readablePayload } from '../../rules/ended-job.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import { cancelledReason, withCancellation } from '../../rules/job-record.js';
import type { CancelOutcome } from '../../broker.js';
import { patiently } from '../connections/patiently.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { cancelJobScript } from '../scripts/cancel-job.lua.js';
import type { StopMessage } from '../scripts/cancel-job.lua.js';
import { readOptions } from '../bull/stored-job.js';

/** Cancels jobs wherever they are. */
export class JobCanceller {
  constructor(
    private readonly scripts: RedisScripts,
    private readonly connections: RedisConnections,
  ) {}

  /** @param now milliseconds since the epoch */
  async cancel(queue: RedisQueue, id: string, reason: string, now: number): Promise<CancelOutcome> {
    const failedReason = cancelledReason(reason);
    const message: StopMessage = { id, reason };
    const texts = [JSON.stringify({ jobId: id, val: failedReason }), JSON.stringify(message)];
    for (;;) {
      const [stored, made, name, data, timestamp, priority] = await patiently(() =>
        this.connections.client.hmget(
          ...[queue.base + id, 'opts', 'attemptsMade', 'name', 'data', 'timestamp', 'priority'],
        ),
      );
      const fields = { id, timestamp: Number(timestamp), priority: storedPriority(priority) };
      const options = fullOptions(queue.definition, readOptions(stored ?? null), fields);
      const attemptsMade = Number(made ?? 0);
      const mq = withCancellation(options.mq ?? {}, attemptsMade, reason, now);
      const changed = JSON.stringify(compactOptions(queue.definition, { ...options, mq }, fields));
      const outcome = await this.scripts.runPatiently(cancelJobScript, queue.base, [
        ...[id, now, reason, failedReason, changed, stored ?? '', ...texts],
        ...[queue.definition.retention.failedCount, queue.definition.retention.failedBytes, randomUUID()],
      ]);
      if (outcome === 'changed') continue;
      if (outcome === 'removed') {
        const job = { id, name: name ?? '', opts: options, attemptsMade, data: readablePayload(data) };
        const end: JobEnd = { ...endedJob(job, queue.name), outcome: 'cancelled', reason };
        queue.emit(JOB_ENDED, end);
        if (options.repeat !== undefined) await queue.keepSchedules();
      }
      return outcome as CancelOutcome;
    }
  }
}
