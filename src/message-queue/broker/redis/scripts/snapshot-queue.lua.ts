import { luaScriptOverQueues } from './lua-script.js';

/**
 * Counts of queues, and for each the age of the job that waits longest. Jobs are first in, first out within a priority, so
 * only the first job of each lane can be the oldest: one look-up per level in use.
 *
 * Reply for each queue: `[waiting, active, delayed, completed, failed, paused, isPaused 0|1, oldest timestamp or null]`.
 */
export const snapshotQueueScript = luaScriptOverQueues('mqSnapshotQueue', {
  allowOom: true,
  body: `
local isPaused = redis.call('EXISTS', base .. 'meta-paused')
local list, lanes = base .. (isPaused == 1 and 'paused' or 'wait'), base .. 'priority'
local length, oldest = redis.call('LLEN', list), nil

local function consider(ahead)
  if ahead >= length then return end
  local id = redis.call('LINDEX', list, -(ahead + 1))
  local at = id and tonumber(redis.call('HGET', base .. id, 'timestamp'))
  if at and (not oldest or at < oldest) then oldest = at end
end

local level, looked = redis.call('ZRANGE', lanes, 0, 0, 'WITHSCORES')[2], 0
while level and looked < 20 do
  consider(redis.call('ZCOUNT', lanes, '-inf', '(' .. level))
  level = redis.call('ZRANGEBYSCORE', lanes, '(' .. level, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  looked = looked + 1
end
consider(redis.call('ZCARD', lanes))
return {
  redis.call('LLEN', base .. 'wait'), redis.call('LLEN', base .. 'active'), redis.call('ZCARD', base .. 'delayed'),
  redis.call('ZCARD', base .. 'completed'), redis.call('ZCARD', base .. 'failed'), redis.call('LLEN', base .. 'paused'),
  isPaused, oldest and string.format('%.0f', oldest) or false
}
`,
});
