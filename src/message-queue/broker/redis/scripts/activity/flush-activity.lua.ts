import { timeFunctions } from '../functions/server-time.lua.js';
import { luaScript } from '../lua-script.js';

/**
 * Lua function `forget(id, keptMs)`: takes a process off the list, and keeps the number of its last batch in `number:<id>`, since one
 * that was counted may be sent again.
 */
const forgetFunction = `
local function forget(id, keptMs)
  local known = redis.call('HGET', base .. 'instances', id)
  local seq = known and string.match(known, '^(%d+) ')
  if seq then redis.pcall('SET', base .. 'number:' .. id, seq, 'PX', keptMs) end
  redis.call('HDEL', base .. 'instances', id)
  redis.call('ZREM', base .. 'seen', id)
end
`;

/**
 * Lua function `listOf(bytes)`: the list that a field holds as MessagePack; an empty one where it holds none.
 */
export const listFunction = `
local function listOf(bytes)
  if type(bytes) ~= 'string' then return {} end
  local succeeded, list = pcall(cmsgpack.unpack, bytes)
  return succeeded and type(list) == 'table' and list or {}
end
`;

/**
 * Takes what a process counted since its last batch, and that it lives. A batch whose number was seen is answered, and not counted again.
 *
 * Base key: `prefix:{ops}:`. What an hour holds of a queue is the hash `m:<queue>:<hour>`: `<job> <minute of the hour>` → MessagePack list
 * `[code, value …]`, and `names` → list of the jobs in it, so that a look reads the minutes it wants and no others.
 *
 * ARGV: 1 id of the process · 2 number of the batch · 3 heartbeat (JSON) · 4 version · 5 now (ms), where the server keeps its time from
 * scripts · 6 after what silence a process is forgotten (ms) · 7 how long numbers of those are kept (ms) · 8 how long an hour is kept (ms)
 * · 9 how often queues are announced (ms) · 10 most versions · 11 MessagePack `[[queue, [job, [code, value …], …], [counter, value …]] …]` ·
 * 12… announced queues: name, definition (JSON).
 * Reply: `[1 = counted, 0 = seen before; now (ms), as text; 1 = announce the queues]`.
 */
export const flushActivityScript = luaScript('mqFlushActivity', {
  allowOom: true,
  uses: [timeFunctions, forgetFunction, listFunction],
  body: `
local id, seq, keptMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[8])
local now = serverNow(tonumber(ARGV[5]))
local nowText = string.format('%.0f', now)

local known = redis.call('HGET', base .. 'instances', id)
local last, announcedAt = string.match(known or '', '^(%d+) (%d+) ')
last, announcedAt = tonumber(last or redis.pcall('GET', base .. 'number:' .. id)) or 0, tonumber(announcedAt) or 0
local isNew = seq > last

local function announce()
  local queues = base .. 'queues'
  if type(redis.pcall('HLEN', queues)) ~= 'number' then return end
  for i = 12, #ARGV, 2 do redis.call('HSET', queues, ARGV[i], nowText .. ' ' .. ARGV[i + 1]) end
  local all = redis.call('HGETALL', queues)
  for i = 1, #all, 2 do
    local at = tonumber(string.match(all[i + 1], '^%d+')) or 0
    if at <= now - keptMs then redis.call('HDEL', queues, all[i]) end
  end
end

if #ARGV > 12 then
  announcedAt = now
  announce()
end

redis.call('ZADD', base .. 'seen', nowText, id)
redis.call('HSET', base .. 'instances', id,
  string.format('%.0f %.0f ', math.max(seq, last), announcedAt) .. ARGV[3])
if not known and ARGV[4] ~= '' then
  redis.pcall('ZADD', base .. 'deploys', 'NX', nowText, ARGV[4])
  redis.pcall('ZREMRANGEBYRANK', base .. 'deploys', 0, -1 - tonumber(ARGV[10]))
end
local silent = redis.call('ZRANGEBYSCORE', base .. 'seen', '-inf', string.format('%.0f', now - tonumber(ARGV[6])), 'LIMIT', 0, 100)
for _, each in ipairs(silent) do forget(each, ARGV[7]) end

local function merged(list, more)
  local places = {}
  for i = 1, #list, 2 do places[list[i]] = i + 1 end
  for i = 1, #more, 2 do
    local place = places[more[i]]
    if place then
      list[place] = list[place] + more[i + 1]
    else
      list[#list + 1] = more[i]
      list[#list + 1] = more[i + 1]
    end
  end
  return list
end

local minute = math.floor(now / 60000)
local hour, ofHour = math.floor(minute / 60), minute % 60

local function count(queue, series)
  local key = base .. 'm:' .. queue .. ':' .. string.format('%.0f', hour)
  local stored = redis.pcall('HGET', key, 'names')
  -- Somebody put something else there: nothing of this queue can be kept, and the others can.
  if type(stored) == 'table' then return end
  local names, isNamed, grown = listOf(stored), {}, false
  for _, name in ipairs(names) do isNamed[name] = true end
  for i = 1, #series, 2 do
    local field = series[i] .. string.format(' %.0f', ofHour)
    redis.call('HSET', key, field, cmsgpack.pack(merged(listOf(redis.call('HGET', key, field)), series[i + 1])))
    if not isNamed[series[i]] then
      names[#names + 1] = series[i]
      grown = true
    end
  end
  if grown then redis.call('HSET', key, 'names', cmsgpack.pack(names)) end
  if not stored then redis.call('PEXPIRE', key, ARGV[8]) end
end

for _, each in ipairs(isNew and cmsgpack.unpack(ARGV[11]) or {}) do
  local queue, counters = each[1], each[3]
  count(queue, each[2])
  for i = 1, #counters, 2 do
    redis.pcall('HINCRBYFLOAT', base .. 'totals', queue .. ':' .. counters[i], string.format('%.17g', counters[i + 1]))
  end
end

local unknown = math.abs(now - announcedAt) >= tonumber(ARGV[9]) or redis.call('EXISTS', base .. 'queues') == 0
return { isNew and 1 or 0, nowText, unknown and 1 or 0 }
`,
});

/** A process ends by itself. ARGV: 1 its id · 2 how long the number of its last batch is kept (ms). */
export const leaveActivityScript = luaScript('mqLeaveActivity', {
  allowOom: true,
  uses: [forgetFunction],
  body: `
forget(ARGV[1], ARGV[2])
return 1
`,
});
