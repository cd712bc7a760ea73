import type { Queue } from 'bull';
import type { RedisConnections } from '../connections/redis-connections.js';
import { unlessAway } from '../connections/unless-away.js';

/** Bull's methods that ask Redis and would wait for as long as it is away; `getWaiting` and the like are made of them. */
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
 * Lets no call of the queue hang: it rejects with `BrokerUnavailableError` when Redis has been away for two seconds. A
 * Redis that answers may take its time, however much is asked for.
 */
export function boundCalls(queue: Queue, connections: RedisConnections): void {
  const methods = queue as unknown as Record<string, Call | undefined>;
  for (const name of BOUNDED) {
    const ask = methods[name]?.bind(queue);
    if (ask === undefined) throw new TypeError(`Bull's queue has no ${name}().`);
    methods[name] = (...args) => {
      // A local pause asks nobody, and may wait long for the jobs that run here.
      const isLocal = name === 'pause' && args[0] === true;
      return isLocal ? ask(...args) : unlessAway(queue.name, `${name}()`, connections, ask(...args));
    };
  }
}
