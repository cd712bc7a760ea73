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
  -- By now they stand in the record.
  redis.call('HDEL', base .. id, 'mqCrashes')
  redis.call('PUBLISH', base .. 'failed', event)
end
`;

/**
 * Lua functions about generated ids whose jobs completed and were removed moments ago: an add whose answer was lost may be
 * sent again, and must not store such a job once more. They stand in sets, one per 15 seconds of Redis' own clock, because the
 * clocks of processes differ; each is remembered for 15 to 30 seconds. While there may be any, the key `mq:gone` exists.
 *
 * - `rememberGone(ids)`: remembers them; one insert for a whole call.
 * - `goneAmong(ids)`: a table whose keys are those that are remembered. A server that does not let scripts ask for its time
 *   remembers none.
 */
export const goneFunctions = `
local GONE_SECONDS = 15

local function goneKeys()
  local time = redis.pcall('TIME')
  if time.err then return nil end
  local period = math.floor(tonumber(time[1]) / GONE_SECONDS)
  return base .. 'mq:gone:' .. period, base .. 'mq:gone:' .. (period - 1)
end

local function rememberGone(ids)
  local key = #ids > 0 and goneKeys()
  if not key then return end
  for from = 1, #ids, 5000 do redis.call('SADD', key, unpack(ids, from, math.min(from + 4999, #ids))) end
  redis.call('EXPIRE', key, 2 * GONE_SECONDS)
  redis.call('SET', base .. 'mq:gone', '', 'EX', 2 * GONE_SECONDS)
end

local function goneAmong(ids)
  local gone = {}
  local keys = #ids > 0 and { goneKeys() } or {}
  for _, key in ipairs(keys) do
    for i, isMember in ipairs(redis.call('SMISMEMBER', key, unpack(ids))) do
      if isMember == 1 then gone[ids[i]] = true end
    end
  end
  return gone
end
`;
