import { laneFunctions } from './lanes/lane.lua.js';
import { luaScriptOverQueues } from './lua-script.js';

/**
 * Counts of queues, and for each the age of the job that waits longest. Jobs are first in, first out within a priority, so
 * only the first job of each lane can be the oldest: one look-up per level in use.
 *
 * Reply for each queue: `[waiting, active, delayed, completed, failed, paused, isPaused 0|1, oldest timestamp or null, dropped dead letters,
 * when the last one was dropped (ms) as text or null]`.
 */
export const snapshotQueueScript = luaScriptOverQueues('mqSnapshotQueue', {
  allowOom: true,
  uses: [laneFunctions],
  body: `
local lanes, oldest = lanesInUse(), nil
local dropped = redis.call('HMGET', base .. 'mq:dead', 'dropped', 'droppedAt')
local waiting, paused = redis.call('LLEN', waitKey), redis.call('LLEN', pausedKey)
local inLanes = waitingDepth() - waiting - paused

for i = 1, math.min(#lanes, 20) do
  local lane = lanes[i]
  local id = redis.call('LINDEX', lane.key, lane.level == LIFO and 0 or -1)
  local at = id and tonumber(redis.call('HGET', base .. id, 'timestamp'))
  if at and (not oldest or at < oldest) then oldest = at end
end
return {
  isPaused() and waiting or waiting + inLanes, redis.call('LLEN', base .. 'active'), redis.call('ZCARD', base .. 'delayed'),
  redis.call('ZCARD', base .. 'completed'), redis.call('ZCARD', base .. 'failed'), isPaused() and paused + inLanes or paused,
  isPaused() and 1 or 0, oldest and string.format('%.0f', oldest) or false,
  tonumber(dropped[1]) or 0, dropped[2]
}
`,
});
