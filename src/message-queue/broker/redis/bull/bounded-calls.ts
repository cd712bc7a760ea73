import type { Queue } from 'bull';
import type { ChainableCommander } from 'ioredis';
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
 * Makes a call of Bull's, on a queue or a job of it, that somebody waits for. While Redis answers, it may take as long as it needs.
 * @param what the call, as an error message names it: `pause()`
 * @throws BrokerUnavailableError when Redis has been away for two seconds, or refuses
 */
export type Ask = <T>(what: string, call: () => Promise<T>) => Promise<T>;

/** How calls on a queue of this name are made. */
export function askOver(queue: string, connections: RedisConnections): Ask {
  return (what, call) => unlessAway(queue, what, connections, patiently(call));
}

/** Keeps calls to the queue from hanging, and from rejecting with what Redis said. */
export function boundCalls(queue: Queue, ask: Ask): void {
  const methods = queue as unknown as Record<string, Call | undefined>;
  for (const name of BOUNDED) {
    const call = methods[name]?.bind(queue);
    if (call === undefined) throw new TypeError(`Bull's queue has no ${name}().`);
    methods[name] = (...args) => {
      // A local pause does not involve Redis, and may wait long for the jobs that run here.
      const isLocal = name === 'pause' && args[0] === true;
      return isLocal ? call(...args) : ask(`${name}()`, () => call(...args));
    };
  }
}

/** Lets a transaction reject when one of its commands was refused: Bull looks at the answers alone, and takes a refusal for an empty one. */
export function rejecting<Multi extends Pick<ChainableCommander, 'exec'>>(multi: Multi): Multi {
  const execute = multi.exec.bind(multi);
  const exec: typeof multi.exec = async (...args) => {
    const answers = await execute(...args);
    for (const [error] of answers ?? []) if (error !== null) throw error;
    return answers;
  };
  return Object.assign(multi, { exec });
}
