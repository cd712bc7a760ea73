import { completeJobsScript } from '../../../src/message-queue/broker/redis/scripts/complete-jobs.lua.js';
import {
  failJobScript,
  releaseJobsScript,
} from '../../../src/message-queue/broker/redis/scripts/fail-job.lua.js';
import {
  recoverStalledScript,
  renewLocksScript,
} from '../../../src/message-queue/broker/redis/scripts/keep-jobs.lua.js';
import { LockKeeper } from '../../../src/message-queue/broker/redis/working/lock-keeper.js';
import { inMethod, inScripts } from './mutation.js';
import type { Mutation } from './mutation.js';

const FROZEN = 'worker frozen until its jobs run elsewhere';
const LONG = 'runs longer than their locks live';

/** A run that had lost its job moves it: it runs a third time, beside the second run or as soon as that one has noticed. */
const RAN_BESIDE = /ran again without cause|runs began again although their worker lived/;

/** Lua that names the caller the owner; in the arguments the run stands behind its job's id. */
const ALWAYS_OWNS = `
  if command == 'HGET' and args[1] == 'mqRun' then
    for i = 2, #ARGV - 1 do
      if KEYS[1] .. ARGV[i] == key then return ARGV[i + 1] end
    end
  end
  if command == 'GET' and string.find(key, ':lock$') then return ARGV[1] end
  if command == 'MGET' and string.find(key, ':lock$') then
    local tokens = { ARGV[1] }
    for _ = 1, #args do tokens[#tokens + 1] = ARGV[1] end
    return tokens
  end`;

/** Fencing, locks and their renewal. */
export const OF_OWNERSHIP: readonly Mutation[] = [
  {
    name: 'fencing-complete',
    breaks: 'only the owner of a job completes it',
    ...{ row: FROZEN, says: /was ended by a run that had lost it/ },
    apply: inScripts([completeJobsScript], ALWAYS_OWNS),
  },
  {
    name: 'fencing-fail',
    breaks: 'only the owner of a job fails it',
    ...{ row: FROZEN, says: RAN_BESIDE },
    apply: inScripts(
      [failJobScript],
      `if command == 'HGET' and args[1] == 'mqRun' then return ARGV[12] end${ALWAYS_OWNS}`,
    ),
  },
  {
    name: 'fencing-defer',
    breaks: 'only the owner of a job hands it back',
    ...{ row: FROZEN, says: RAN_BESIDE },
    apply: inScripts([releaseJobsScript], ALWAYS_OWNS),
  },
  {
    name: 'fencing-renew',
    breaks: 'a run that lost its lock is stopped',
    ...{ row: FROZEN, says: /Runs went on that had lost their jobs|jobs finished twice/ },
    apply: inScripts([renewLocksScript], ALWAYS_OWNS),
  },
  {
    name: 'renewal',
    breaks: 'the lock of a run is renewed',
    ...{ row: LONG, says: /runs began again although their worker lived/ },
    apply: inMethod(LockKeeper, 'renew', () => () => Promise.resolve()),
  },
  {
    name: 'recovery-takes-locked',
    breaks: 'a job whose lock is held is not recovered',
    ...{ row: LONG, says: /ran again without cause, while its run/ },
    apply: inScripts(
      [recoverStalledScript],
      `if command == 'EXISTS' and string.find(key, ':lock$') then return 0 end`,
    ),
  },
];
