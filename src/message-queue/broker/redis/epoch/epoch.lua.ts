import { timeFunctions } from '../scripts/functions/server-time.lua.js';
import { luaScript } from '../scripts/lua-script.js';

/**
 * Compares what the server has with what this process remembers of it, and writes the record where there is none. Its key is the
 * base key of the script.
 *
 * The record: `id` of the epoch; `count`, which grows now and then, so that an older state is told by a smaller one; `grownAt`;
 * `earlier`, ids of the epochs before it, the newest first; `loss` and `lossAt`, why and when the last epoch ended, while that is to
 * be told.
 *
 * ARGV: 1 the id, 2 the count and 8 the earlier ids that this process remembers, empty: none · 3 an id for a new epoch · 4 `1` = the connection was
 * lost since the last comparison · 5 now (ms), where the server keeps its time from scripts · 6 how often the count grows (ms) ·
 * 7 how long a loss is told (ms).
 * Reply: `[id, count, 1 = this call noticed a loss, loss or null, lossAt or null, earlier]`.
 */
export const watchEpochScript = luaScript('mqWatchEpoch', {
  allowOom: true,
  uses: [timeFunctions],
  body: `
local knownId, knownCount = ARGV[1], tonumber(ARGV[2]) or 0
local now = serverNow(tonumber(ARGV[5]))
local stored = redis.call('HMGET', base, 'id', 'count', 'grownAt', 'earlier', 'loss', 'lossAt')
local id, count, earlier = stored[1], tonumber(stored[2]) or 0, stored[4] or ''

local function lossOf()
  if knownId == '' or id == knownId and count >= knownCount then return nil end
  if not id then return ARGV[4] == '1' and 'came-back-empty' or 'emptied' end
  if id == knownId then return 'older' end
  -- Another process has noticed before.
  if string.find(' ' .. earlier .. ' ', ' ' .. knownId .. ' ', 1, true) then return nil end
  return 'another'
end

local loss = lossOf()
if loss or not id then
  if id then earlier = id .. ' ' .. earlier end
  -- What went with the record.
  if knownId ~= '' and knownId ~= id then earlier = knownId .. ' ' .. ARGV[8] .. earlier end
  earlier = string.sub(earlier, 1, 500)
  redis.call('HSET', base, 'id', ARGV[3], 'count', 1, 'grownAt', now, 'earlier', earlier)
  if not loss then return { ARGV[3], 1, 0, stored[5], stored[6], earlier } end
  redis.call('HSET', base, 'loss', loss, 'lossAt', now)
  return { ARGV[3], 1, 1, loss, string.format('%.0f', now), earlier }
end
if math.abs(now - (tonumber(stored[3]) or 0)) >= tonumber(ARGV[6]) then
  count = redis.call('HINCRBY', base, 'count', 1)
  redis.call('HSET', base, 'grownAt', now)
end
if stored[6] and now - (tonumber(stored[6]) or 0) > tonumber(ARGV[7]) then
  redis.call('HDEL', base, 'loss', 'lossAt')
  return { id, count, 0, false, false, earlier }
end
return { id, count, 0, stored[5], stored[6], earlier }
`,
});

/** Ends the telling of a loss. Reply: 1 when there was one. */
export const acknowledgeLossScript = luaScript('mqAcknowledgeLoss', {
  allowOom: true,
  body: `return redis.call('HDEL', base, 'loss', 'lossAt') > 0 and 1 or 0`,
});
