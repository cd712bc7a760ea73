import { RedisScripts } from '../../../src/message-queue/broker/redis/connections/redis-scripts.js';
import { RedisSchedules } from '../../../src/message-queue/broker/redis/schedules/redis-schedules.js';
import { changeScheduleScript } from '../../../src/message-queue/broker/redis/schedules/schedules.lua.js';

/** Moments before a schedule's run begins: a worker has it; the next one is sent to Redis; that is answered. */
export const MOMENTS = ['taken', 'planning', 'planned'] as const;
export type Moment = (typeof MOMENTS)[number];

const die = (): void => void process.kill(process.pid, 'SIGKILL');

/** Kills this process at that moment of the next run of a schedule. */
export function dieAt(moment: Moment): void {
  const { prototype: schedules } = RedisSchedules;
  const { prototype: scripts } = RedisScripts;
  const { goOn } = schedules;
  const { runPatiently } = scripts;
  schedules.goOn = async function (job) {
    if (moment === 'taken') die();
    await goOn.call(this, job);
    if (moment === 'planned') die();
  };
  scripts.runPatiently = function (script, ...others) {
    const answer = runPatiently.call(this, script, ...others);
    if (moment === 'planning' && script === changeScheduleScript) setImmediate(die);
    return answer;
  };
}
