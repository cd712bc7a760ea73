import { changeScheduleScript } from '../../../src/message-queue/broker/redis/schedules/schedules.lua.js';
import { inScripts } from './mutation.js';
import type { Mutation } from './mutation.js';

const ROW = 'kill -9 of workers while runs of a schedule are taken, and the next ones planned';

/** The runs of schedules. */
export const OF_SCHEDULES: readonly Mutation[] = [
  {
    name: 'next-run-lost',
    breaks: 'the next run of a schedule is stored in the step that plans it',
    ...{ row: ROW, says: /The schedule left out|the schedule to reach its limit/ },
    apply: inScripts(
      [changeScheduleScript],
      `if command == 'ZADD' and string.find(key, ':delayed$') then return 1 end`,
    ),
  },
  {
    name: 'run-counted-twice',
    breaks: 'a run of a schedule that begins again counts once, and plans nothing anew',
    ...{ row: ROW, says: /The schedule ran at \d+ times/ },
    apply: inScripts(
      [changeScheduleScript],
      `if command == 'HSET' and string.find(key, ':mq:schedules$') then
    args[2] = string.gsub(args[2], ',"last":%b{}', '')
    return real.call(command, key, args[1], args[2])
  end`,
    ),
  },
];
