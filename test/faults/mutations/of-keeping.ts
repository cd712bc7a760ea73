import {
  promoteDueScript,
  recoverStalledScript,
} from '../../../src/message-queue/broker/redis/scripts/keep-jobs.lua.js';
import { TakenAhead } from '../../../src/message-queue/broker/redis/working/ahead/taken-ahead.js';
import { JobIntake } from '../../../src/message-queue/broker/redis/working/job-intake.js';
import { Waker } from '../../../src/message-queue/broker/redis/working/keeping/waker.js';
import { inMethod, inScripts } from './mutation.js';
import type { Mutation } from './mutation.js';

const KILLED_AHEAD = 'kill -9 of a worker that has taken jobs ahead';
const ATTEMPTS = 'attempts that fail, and jobs that ask for a later try';

/** Recovery, hand-back, the count of crashes, and delays. */
export const OF_KEEPING: readonly Mutation[] = [
  {
    name: 'recovery-leaves-stalled',
    breaks: 'jobs of a dead worker run again',
    ...{ row: KILLED_AHEAD, says: /for all jobs to end/ },
    apply: inScripts([recoverStalledScript], `if command == 'SET' then return false end`),
  },
  {
    name: 'crash-not-counted',
    breaks: 'a crash is recorded for the job that ran',
    ...{
      row: 'two crashes on the same job',
      says: /killed its worker 2 times, and 0 crashes are told of it/,
    },
    apply: inScripts(
      [recoverStalledScript],
      `if command == 'HSET' and args[1] == 'mqCrashes' then return 0 end`,
    ),
  },
  {
    name: 'crash-of-unbegun',
    breaks: 'no crash is recorded for a job that had not begun',
    ...{ row: KILLED_AHEAD, says: /crashes are told of jobs that had none/ },
    apply: inScripts(
      [recoverStalledScript],
      `if command == 'SREM' and string.find(key, ':mq:ahead$') then return 0 end`,
    ),
  },
  {
    name: 'hand-back',
    breaks: 'a worker that stops hands back the jobs that it took ahead',
    ...{
      row: 'SIGTERM of a worker that has taken jobs ahead',
      says: /left \d+ jobs in "active"|did not end within|the worker to exit/,
    },
    apply: inMethod(TakenAhead, 'handBack', () => () => Promise.resolve()),
  },
  {
    name: 'adoption',
    breaks: 'jobs whose take was not answered are found by their worker',
    ...{
      row: 'replies lost after execution',
      says: /crashes are told of jobs that had none|for all jobs to end/,
    },
    apply: inMethod(JobIntake, 'adopt', () => () => Promise.resolve([])),
  },
  {
    name: 'promoter-never',
    breaks: 'a delayed job runs when it is due',
    ...{ row: ATTEMPTS, says: /for all jobs to end/ },
    apply: inMethod(Waker, 'wake', () => () => Promise.resolve(null)),
  },
  {
    name: 'promoter-early',
    breaks: 'a delayed job does not run before it is due',
    ...{ row: ATTEMPTS, says: /began before it was due/ },
    apply: inScripts(
      [promoteDueScript],
      `if command == 'ZRANGEBYSCORE' then return real.call(command, key, '-inf', '+inf', 'LIMIT', 0, 1000) end`,
    ),
  },
];
