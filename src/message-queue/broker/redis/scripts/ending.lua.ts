/**
 * Lua functions for the end of a job.
 *
 * - `freeDebounce(id)`: ends the debounce of a finished job unless it has a time to live, as in Bull.
 * - `endAsFailed(id, now, event)`: moves a job that stands in no other list to the failed set.
 */
export const endingFunctions = `
local function freeDebounce(id)
  local debounceId = redis.call('HGET', base .. id, 'deid')
  if not debounceId then return end
  local key = base .. 'de:' .. debounceId
  local ttl = redis.call('PTTL', key)
  if ttl == 0 or ttl == -1 then redis.call('DEL', key) end
end

local function endAsFailed(id, now, event)
  freeDebounce(id)
  redis.call('ZADD', base .. 'failed', now, id)
  redis.call('HSET', base .. id, 'finishedOn', now)
  redis.call('PUBLISH', base .. 'failed', event)
end
`;
