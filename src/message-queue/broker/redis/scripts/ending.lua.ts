import { timeFunctions } from './functions/server-time.lua.js';

/** Lua function `freeDebounce(id)`: ends the debounce of a finished job unless it has a time to live, as in Bull. */
export const endingFunctions = `
local function freeDebounce(id)
  local debounceId = redis.pcall('HGET', base .. id, 'deid')
  if type(debounceId) ~= 'string' then return end
  local key = base .. 'de:' .. debounceId
  local ttl = redis.call('PTTL', key)
  if ttl == 0 or ttl == -1 then redis.call('DEL', key) end
end
`;

/** Bytes that a dead letter takes in Redis beside its texts: hash, keys, its place in the failed set. Measured, and rounded. */
const LETTER_OVERHEAD_BYTES = 1_000;
/** Of its list of logs, beside the lines. */
const LOGS_OVERHEAD_BYTES = 200;
/** As in `broker/rules/letter-rule.ts`, which scripts do not import. */
const LETTER_LOG_BYTES = 1_000;
const LETTER_PROGRESS_BYTES = 128;
/** Letters that park their keys and are passed by when the oldest ones are to go. */
const MOST_PARKING = 10_000;
/** Lines by which the length of the others is judged, where somebody else left many. */
const LINES_MEASURED = 20;

/**
 * Lua functions after `endingFunctions`: what is kept of jobs that failed.
 *
 * The hash `mq:dead` knows of the failed set: `count` and `bytes` of its letters, counted as they come and go through our own
 * scripts; `dropped` and `droppedAt`, how many were ever dropped because there were too many, and when the last one was. What Bull's
 * own commands bring and take away is noticed by the sweep, which counts anew again and again (`countFailedScript`). Until
 * then, where `count` is not about what the set holds, `bytes` says nothing.
 *
 * - `letterBytes(id)`: what a dead letter takes, about.
 * - `shorten(id)`: cuts what the job logged and reported, for a letter.
 * - `noteLetters(count, bytes)`: so many came, or with negative numbers left.
 * - `dropLetters(ids)`: removes letters that were taken out of the failed set.
 * - `letterCounts()`: how many there are, their bytes, and whether these are known.
 * - `oldestLetters(before, step)`: the oldest letters, at most `step`, that failed before a time (a bound of ZRANGEBYSCORE). One that parks its key is none of them: what
 *   waits behind it waits for what somebody decides.
 * - `dropExcess(now, mostLetters, mostBytes, step)`: drops the oldest letters that are too many, at most `step`, never the last one.
 *   Returns their ids.
 * - `endAsFailed(id, now, event, mostLetters, mostBytes)`: moves a job that stands in no other list to the failed set.
 */
export const letterFunctions = `
-- Only a count: when somebody put something else there, it begins anew.
local deadType = redis.call('TYPE', base .. 'mq:dead').ok
if deadType ~= 'hash' and deadType ~= 'none' then redis.call('DEL', base .. 'mq:dead') end

local function letterBytes(id)
  local key = base .. id
  local bytes = ${LETTER_OVERHEAD_BYTES} + 2 * #id
  for _, field in ipairs({ 'data', 'opts', 'failedReason', 'stacktrace', 'name', 'progress', 'returnvalue' }) do
    local length = redis.pcall('HSTRLEN', key, field)
    if type(length) == 'number' then bytes = bytes + length end
  end
  local lines = redis.pcall('LLEN', key .. ':logs')
  if type(lines) ~= 'number' or lines == 0 then return bytes end
  local measured, length = redis.call('LRANGE', key .. ':logs', -${LINES_MEASURED}, -1), 0
  for _, line in ipairs(measured) do length = length + #line + 2 end
  return bytes + ${LOGS_OVERHEAD_BYTES} + math.floor(length * lines / #measured)
end

-- As letterLogs() and letterProgress() say.
local function shorten(id)
  local key = base .. id
  local logs, first, room = key .. ':logs', 0, ${LETTER_LOG_BYTES}
  local lines = redis.pcall('LLEN', logs)
  if type(lines) == 'number' and lines > 0 then
    local line = redis.call('LINDEX', logs, -1)
    local last = line
    while line and #line <= room do
      first, room = first - 1, room - #line
      line = redis.call('LINDEX', logs, first - 1)
    end
    if first < 0 then
      redis.call('LTRIM', logs, first, -1)
    else
      redis.call('DEL', logs)
      redis.call('RPUSH', logs, string.gsub(string.sub(last, 1, room - 3), '[\\192-\\255][\\128-\\191]*$', '') .. '…')
    end
  end
  if redis.call('HSTRLEN', key, 'progress') > ${LETTER_PROGRESS_BYTES} then
    local isRead, progress = pcall(cjson.decode, redis.call('HGET', key, 'progress'))
    local percentage = isRead and type(progress) == 'table' and tonumber(progress.percentage)
    redis.call('HSET', key, 'progress', percentage and '{"percentage":' .. percentage .. '}' or '0')
  end
end

local function noteLetters(count, bytes)
  redis.call('HINCRBY', base .. 'mq:dead', 'count', count)
  redis.call('HINCRBY', base .. 'mq:dead', 'bytes', bytes)
end

local function dropLetters(ids)
  if #ids == 0 then return end
  local bytes = 0
  for _, id in ipairs(ids) do
    bytes = bytes + letterBytes(id)
    redis.call('DEL', base .. id, base .. id .. ':logs')
  end
  noteLetters(-#ids, -bytes)
end

local function letterCounts()
  local letters, known = redis.call('ZCARD', base .. 'failed'), redis.call('HMGET', base .. 'mq:dead', 'count', 'bytes')
  local counted = tonumber(known[1]) or 0
  return letters, tonumber(known[2]) or 0, math.abs(counted - letters) <= math.max(10, letters / 100)
end

local function isParking(id)
  local name = redis.pcall('HGET', base .. id, 'mqGroup')
  local parked = type(name) == 'string' and redis.pcall('HGET', base .. 'mq:parked', name)
  return type(parked) == 'string' and string.match(parked, '^(.*) %d+$') == id
end

local function oldestLetters(before, step)
  local failed = base .. 'failed'
  if redis.call('EXISTS', base .. 'mq:parked') == 0 then return redis.call('ZRANGEBYSCORE', failed, '-inf', before, 'LIMIT', 0, step) end
  local found, seen = {}, 0
  while #found < step and seen < ${MOST_PARKING} do
    local page = redis.call('ZRANGEBYSCORE', failed, '-inf', before, 'LIMIT', seen, step)
    for _, id in ipairs(page) do
      if #found < step and not isParking(id) then found[#found + 1] = id end
    end
    if #page < step then break end
    seen = seen + #page
  end
  return found
end

local function dropExcess(now, mostLetters, mostBytes, step)
  local letters, bytes, isCounted = letterCounts()
  if letters <= mostLetters and (bytes <= mostBytes or not isCounted) then return {} end
  local ids = {}
  for _, oldest in ipairs(oldestLetters('+inf', step)) do
    if letters <= 1 or not (letters > mostLetters or isCounted and bytes > mostBytes) then break end
    ids[#ids + 1], letters, bytes = oldest, letters - 1, bytes - letterBytes(oldest)
  end
  if #ids == 0 then return {} end
  for from = 1, #ids, 5000 do redis.call('ZREM', base .. 'failed', unpack(ids, from, math.min(from + 4999, #ids))) end
  dropLetters(ids)
  redis.call('HINCRBY', base .. 'mq:dead', 'dropped', #ids)
  redis.call('HSET', base .. 'mq:dead', 'droppedAt', now)
  return ids
end

local function endAsFailed(id, now, event, mostLetters, mostBytes)
  freeDebounce(id)
  redis.call('ZADD', base .. 'failed', now, id)
  redis.call('HSET', base .. id, 'finishedOn', now)
  -- By now the first two stand in the record, and a run that was to stop has; a result, only a job that was stored by somebody else has.
  redis.call('HDEL', base .. id, 'mqCrashes', 'mqCancel', 'mqErased', 'mqExpires', 'returnvalue')
  redis.pcall('ZREM', base .. 'mq:expires', id)
  shorten(id)
  noteLetters(1, letterBytes(id))
  -- A few more than came: so many that come at once, or a bound that was lowered, are caught up with.
  dropExcess(now, mostLetters, mostBytes, 10)
  redis.pcall('PUBLISH', base .. 'failed', event)
end
`;

/**
 * Lua function `buryEntry(id, now)`, after `letterFunctions`: makes a dead letter of an entry of `active` that is no job: under its key is
 * nothing (Redis lost or evicted it), something else, or a hash without name and time. What is left of a hash stays with the letter.
 */
export const oddFunctions = `
local function buryEntry(id, now)
  local key = base .. id
  local kind, reason = redis.call('TYPE', key).ok, 'its name or its timestamp is missing'
  if kind == 'none' then
    reason = 'there is no job behind its id, because Redis lost or evicted it'
  elseif kind ~= 'hash' then
    reason = 'Redis held a ' .. kind .. ' under its key, which was removed'
    redis.call('DEL', key)
  end
  reason = 'The stored job cannot be read: ' .. reason .. '.'
  redis.call('LREM', base .. 'active', 1, id)
  redis.call('DEL', key .. ':lock')
  -- A job without a name is none: put back by somebody, it dies again.
  redis.call('HSETNX', key, 'name', '')
  redis.call('HSETNX', key, 'opts', '{}')
  redis.call('HSETNX', key, 'timestamp', now)
  redis.call('HDEL', key, 'mqRun', 'mqHeld', 'stacktrace')
  redis.call('HSET', key, 'failedReason', reason)
  -- The next job that fails, or the sweep, sees to the bounds.
  endAsFailed(id, now, cjson.encode({ jobId = id, val = reason }), math.huge, math.huge)
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
export const goneFunctions = `${timeFunctions}
local GONE_SECONDS = 15

local function goneKeys()
  local now = serverNow(nil)
  if not now then return nil end
  local period = math.floor(now / 1000 / GONE_SECONDS)
  return base .. 'mq:gone:' .. period, base .. 'mq:gone:' .. (period - 1)
end

local function rememberGone(ids)
  local key = #ids > 0 and goneKeys()
  if not key then return end
  for from = 1, #ids, 5000 do redis.pcall('SADD', key, unpack(ids, from, math.min(from + 4999, #ids))) end
  redis.call('EXPIRE', key, 2 * GONE_SECONDS)
  redis.call('SET', base .. 'mq:gone', '', 'EX', 2 * GONE_SECONDS)
end

local function goneAmong(ids)
  local gone = {}
  local keys = #ids > 0 and { goneKeys() } or {}
  for _, key in ipairs(keys) do
    for i, isMember in ipairs(redis.pcall('SMISMEMBER', key, unpack(ids))) do
      if isMember == 1 then gone[ids[i]] = true end
    end
  end
  return gone
end
`;
