import {
  failJobScript,
  releaseJobsScript,
} from '../../../src/message-queue/broker/redis/scripts/fail-job.lua.js';
import { inScripts } from './mutation.js';
import type { Mutation } from './mutation.js';

const ATTEMPTS = 'attempts that fail, and jobs that ask for a later try';

/** What is stored of a run that failed or gave its job back. */
export const OF_ENDING: readonly Mutation[] = [
  {
    name: 'retry-lost',
    breaks: 'a job that failed runs again',
    ...{ row: ATTEMPTS, says: /acknowledged jobs are lost/ },
    apply: inScripts(
      [failJobScript],
      `if command == 'ZADD' and string.find(key, ':delayed$') then return 1 end`,
    ),
  },
  {
    name: 'attempt-not-counted',
    breaks: 'an attempt that failed is spent',
    ...{ row: ATTEMPTS, says: /was run as attempt 1 after attempt 1, which failed/ },
    apply: inScripts(
      [failJobScript],
      `if command == 'HSET' and args[1] == 'failedReason' then
    real.call(command, key, unpack(args))
    return real.call('HINCRBY', key, 'attemptsMade', -1)
  end`,
    ),
  },
  {
    name: 'attempt-spent-by-deferral',
    breaks: 'a job that is handed back keeps its attempts',
    ...{ row: ATTEMPTS, says: /was run as attempt 2 after attempt 1, which was given back/ },
    apply: inScripts(
      [releaseJobsScript],
      `if command == 'HDEL' and args[1] == 'mqRun' then real.call('HINCRBY', key, 'attemptsMade', 1) end`,
    ),
  },
  {
    name: 'dead-letter-dropped',
    breaks: 'a job whose attempts are spent is kept as a dead letter',
    ...{ row: ATTEMPTS, says: /lives|acknowledged jobs are lost/ },
    apply: inScripts(
      [failJobScript],
      `if command == 'ZADD' and string.find(key, ':failed$') then return 1 end`,
    ),
  },
];
