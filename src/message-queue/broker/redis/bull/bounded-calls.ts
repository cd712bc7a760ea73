import type { Queue } from 'bull';
import type { RedisConnections } from '../connections/redis-connections.js';
import { patiently } from '../connections/patiently.js';
import { unlessAway } from '../connections/unless-away.js';

/** Bull's methods that would wait as long as Redis is away; `getWaiting` and the like are built on them. */
const BOUNDED = [
  ...[
    'getJob',
    'getJobs',
    'getJobLogs',
    'getJobCounts',
    'getJobCountByTypes',
    'getCountsPerPriority',
    'count',
  ],
  ...['getRepeatableJobs', 'getRepeatableCount', 'getMetrics', 'getWorkers', 'isPaused', 'pause', 'resume'],
  ...['clean', 'empty', 'obliterate', 'removeJobs', 'removeRepeatable', 'removeRepeatableByKey', 'retryJobs'],
] as const;
type Call = (...args: unknown[]) => Promise<unknown>;

/**
 * Keeps calls to the queue from hanging: they reject with `BrokerUnavailableError` once Redis has been away for two
 * seconds. While Redis answers, a call may take as long as it needs.
 */
export function boundCalls(queue: Queue, connections: RedisConnections): void {
  const methods = queue as unknown as Record<string, Call | undefined>;
  for (const name of BOUNDED) {
    const ask = methods[name]?.bind(queue);
    if (ask === undefined) throw new TypeError(`Bull's queue has no ${name}().`);
    methods[name] = (...args) => {
      // A local pause does not involve Redis, and may wait long for the jobs that run here.
      const isLocal = name === 'pause' && args[0] === true;
      if (isLocal) return ask(...args);
      return unlessAway(
        queue.name,
        `${name}()`,
        connections,
        patiently(() => ask(...args)),
      );
    };
  }
}
