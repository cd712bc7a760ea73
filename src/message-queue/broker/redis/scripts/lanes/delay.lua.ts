/**
 * Lua function `delayUntil(id, at, counter)`: puts a job into the delayed set so that jobs due in the same millisecond
 * keep the order of their counters (of the key `id`), as in Bull, and tells the workers; `delayQuietly` does not.
 * `mustStartBy(id, by)`: a new job, with `by` in its field `mqExpires`, must have started by then (ms). Workers hear of the next one as of one that is due.
 */
export const delayFunctions = `
local function delayQuietly(id, at, counter)
  redis.call('ZADD', base .. 'delayed', string.format('%.0f', at * 0x1000 + bit.band(counter, 0xfff)), id)
end

local function delayUntil(id, at, counter)
  delayQuietly(id, at, counter)
  redis.pcall('PUBLISH', base .. 'delayed', string.format('%.0f', at))
end

local function mustStartBy(id, by)
  redis.call('ZADD', base .. 'mq:expires', by, id)
  if redis.call('ZRANK', base .. 'mq:expires', id) == 0 then redis.pcall('PUBLISH', base .. 'delayed', by) end
end
`;
