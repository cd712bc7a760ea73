/**
 * Lua functions after `timeFunctions` and `laneFunctions`: which idempotency keys a queue remembers, each by one name: a string
 * `mq:once:<name>` that expires, `<fingerprint> <id of the job>`. The name stands in the job's field `mqOnce`. The sorted set `mq:keys` has them by when they expire, so that they can be counted, and the hash `mq:keys:forgotten` how many were
 * forgotten before that (`count`), and when the last one was (`at`).
 *
 * - `noteKeys(keys, most)`: new keys, `{ name, ttl (ms) }` each. Those that expired leave; while there are more than `most`, those that
 *   would expire next are forgotten.
 * - `freeKeyOf(id)`: forgets the key of a job that is removed, before its hash is. One that stands for a later job stays.
 */
export const keyFunctions = `
local function noteKeys(keys, most)
  local now, set, longest, entries = serverNow(nil), base .. 'mq:keys', 0, {}
  -- A server that does not tell scripts the time bounds keys by their expiry alone.
  if not now then return end
  for _, key in ipairs(keys) do
    longest = math.max(longest, key[2])
    entries[#entries + 1] = string.format('%.0f', now + key[2])
    entries[#entries + 1] = key[1]
  end
  if type(redis.pcall('ZADD', set, unpack(entries))) ~= 'number' then return end
  if redis.call('PTTL', set) < longest then redis.call('PEXPIRE', set, string.format('%.0f', 2 * longest)) end
  local expired = redis.call('ZRANGEBYSCORE', set, '-inf', now, 'LIMIT', 0, 2 * #keys + 100)
  if #expired > 0 then redis.call('ZREM', set, unpack(expired)) end
  local excess = redis.call('ZCARD', set) - most
  if excess <= 0 then return end
  local forgotten = redis.call('ZPOPMIN', set, math.min(excess, #keys + 100))
  for i = 1, #forgotten, 2 do redis.call('DEL', base .. 'mq:once:' .. forgotten[i]) end
  redis.pcall('HINCRBY', set .. ':forgotten', 'count', #forgotten / 2)
  redis.pcall('HSET', set .. ':forgotten', 'at', string.format('%.0f', now))
end

local function freeKeyOf(id)
  local name = fieldOf(id, 'mqOnce')
  if not name then return end
  local entry = redis.call('GET', base .. 'mq:once:' .. name)
  if not entry or string.match(entry, '^%S* (.*)$') ~= id then return end
  redis.call('DEL', base .. 'mq:once:' .. name)
  redis.pcall('ZREM', base .. 'mq:keys', name)
end
`;
