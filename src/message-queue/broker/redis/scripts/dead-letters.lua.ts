import { endingFunctions, letterFunctions } from './ending.lua.js';
import { gates } from './gates/gates.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript } from './lua-script.js';

/**
 * Fields that cannot all be unchanged once a job has left the failed set and come back, or once a text in its options was sealed anew where it
 * stands.
 */
const VERSION_FIELDS = ['opts', 'attemptsMade', 'processedOn', 'finishedOn', 'retriedOn'] as const;
const VERSION_NAMES = `'${VERSION_FIELDS.join("', '")}'`;

/** Lua function `versionOf(fields)`: the version of the job whose {@link VERSION_FIELDS} come first in `fields`. */
const versionFunction = `
local function versionOf(fields)
  local version = redis.sha1hex(fields[1] or '')
  for i = 2, ${VERSION_FIELDS.length} do version = version .. ' ' .. (fields[i] or '') end
  return version
end
`;

/**
 * Reads jobs of the failed set.
 *
 * ARGV: 1 `ZRANGE` (oldest first) or `ZREVRANGE` · 2 first position · 3 last position · 4 text in the opts that makes the
 * stack traces unnecessary, empty: nothing does · 5… further fields. Reply for each: `[id, stack traces or null, version, {@link VERSION_FIELDS}…, further fields…]`.
 */
export const readFailedScript = luaScript('mqReadFailed', {
  readsOnly: true,
  uses: [versionFunction],
  body: `
local ids = redis.call(ARGV[1], base .. 'failed', ARGV[2], ARGV[3])
for i, id in ipairs(ids) do
  local fields = redis.pcall('HMGET', base .. id, ${VERSION_NAMES}, unpack(ARGV, 5))
  -- Something else stands under the id.
  local isJob = not fields.err
  if not isJob then fields = { false } end
  local needless = not isJob or ARGV[4] ~= '' and fields[1] and string.find(fields[1], ARGV[4], 1, true)
  local traces = not needless and redis.call('HGET', base .. id, 'stacktrace')
  ids[i] = { id, traces, versionOf(fields), unpack(fields) }
end
return ids
`,
});

/** Reads the opts and versions of jobs. ARGV: ids. Reply for each: `[version, opts or null, timestamp, priority]`. */
export const readOptionsScript = luaScript('mqReadOptions', {
  readsOnly: true,
  uses: [versionFunction],
  body: `
local jobs = {}
for i, id in ipairs(ARGV) do
  local job = redis.pcall('HMGET', base .. id, ${VERSION_NAMES}, 'timestamp', 'priority')
  local at = ${VERSION_FIELDS.length}
  jobs[i] = { versionOf(job), job[1] or false, job[at + 1] or false, job[at + 2] or false }
end
return jobs
`,
});

/**
 * Moves dead letters back to waiting, at the end of their lanes, with attempts reset to 0. The new opts are computed
 * by the caller: cjson would change them (an empty list becomes an object, long numbers lose digits).
 *
 * ARGV: 1 now (ms) · 2 token · then for each: id, new opts, the version of the job that they were computed from.
 * Reply: for each `1` replayed, `0` not in the failed set, `-1` the job has changed since: recompute.
 */
export const replayJobsScript = luaScript('mqReplayJobs', {
  uses: [laneFunctions, endingFunctions, letterFunctions, gates, versionFunction],
  body: `
local now, outcomes, count, bytes, isGrouped = ARGV[1], {}, 0, 0, false

local function replay(id, options, computedFrom)
  local key = base .. id
  local stored = redis.pcall('HMGET', key, ${VERSION_NAMES}, 'name', 'priority', 'mqGroup', 'mqTenant')
  local name, priority, group, tenant = unpack(stored, ${VERSION_FIELDS.length + 1})
  if name and versionOf(stored) ~= computedFrom then return -1 end
  checkLane(levelOf(priority))
  if redis.call('ZREM', base .. 'failed', id) == 0 then return 0 end
  count, bytes = count + 1, bytes + letterBytes(id)
  if not name then return 0 end
  redis.call('HDEL', key, 'finishedOn', 'processedOn', 'failedReason', 'stacktrace', 'returnvalue', 'progress',
    'stalledCounter', 'mqCrashes', 'mqCancel', 'mqErased', 'mqRun')
  redis.call('HSET', key, 'attemptsMade', 0, 'opts', options, 'retriedOn', now)
  if group or tenant then
    local job = { id = id, group = group, tenant = tenant, priority = priority }
    gates().unpark(job)
    gates().enter(job)
    isGrouped = true
  else
    gather(id, levelOf(priority))
  end
  return 1
end

for i = 3, #ARGV, 3 do outcomes[#outcomes + 1] = replay(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
if isGrouped then gates().insertAdmitted() else insertGathered() end
if count > 0 then noteLetters(-count, -bytes) end
for i, outcome in ipairs(outcomes) do
  if outcome == 1 then redis.pcall('PUBLISH', base .. 'waiting@' .. ARGV[2], ARGV[i * 3]) end
end
return outcomes
`,
});

/**
 * Removes dead letters for good. ARGV: for each its id, and the version as which it was read, empty: whatever it is by now.
 * Reply: the ids that were removed; the others were not in the failed set, or have changed since.
 */
export const discardJobsScript = luaScript('mqDiscardJobs', {
  allowOom: true,
  uses: [laneFunctions, endingFunctions, letterFunctions, gates, versionFunction],
  body: `
local removed, isGrouped = {}, false

local function hasChanged(id, readAs)
  if readAs == '' then return false end
  local stored = redis.pcall('HMGET', base .. id, ${VERSION_NAMES}, 'name')
  local name = stored[${VERSION_FIELDS.length + 1}]
  return name and versionOf(stored) ~= readAs
end

for i = 1, #ARGV, 2 do
  local id = ARGV[i]
  if not hasChanged(id, ARGV[i + 1]) and redis.call('ZREM', base .. 'failed', id) == 1 then
    freeDebounce(id)
    if fieldOf(id, 'mqGroup') then
      gates().leave(id)
      isGrouped = true
    end
    removed[#removed + 1] = id
  end
end
if isGrouped then gates().insertAdmitted() end
dropLetters(removed)
return removed
`,
});

/**
 * Removes dead letters that are too old, or too many.
 *
 * ARGV: 1 now (ms) · 2 remove those that failed before (ms) · 3 dead letters to keep · 4 their bytes to keep · 5 how many to remove at most ·
 * 6 shortest time between two reports of what was dropped, by whomever (ms).
 * Reply: `[[id…], letters dropped since the last report: 0 when it is not time for one]`.
 */
export const sweepFailedScript = luaScript('mqSweepFailed', {
  allowOom: true,
  uses: [endingFunctions, letterFunctions],
  body: `
local now, step = tonumber(ARGV[1]), tonumber(ARGV[5])
local failed, dead = base .. 'failed', base .. 'mq:dead'
local old = oldestLetters('(' .. ARGV[2], step)
for from = 1, #old, 5000 do redis.call('ZREM', failed, unpack(old, from, math.min(from + 4999, #old))) end
dropLetters(old)
for _, id in ipairs(dropExcess(ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), step - #old)) do old[#old + 1] = id end
if redis.call('EXISTS', failed) == 0 then redis.call('HDEL', dead, 'count', 'bytes') end
local told = redis.call('HMGET', dead, 'dropped', 'told', 'toldAt')
local untold = (tonumber(told[1]) or 0) - (tonumber(told[2]) or 0)
if untold <= 0 or now - (tonumber(told[3]) or 0) < tonumber(ARGV[6]) then return { old, 0 } end
redis.call('HSET', dead, 'told', told[1], 'toldAt', ARGV[1])
return { old, untold }
`,
});

/**
 * One step of counting the dead letters anew, from the oldest on. The pass stands in the hash `mq:dead:pass`, so any process may
 * take its next step. What comes and goes meanwhile is counted beside it, because the end of a pass corrects by the difference.
 *
 * ARGV: 1 now (ms) · 2 letters per step · 3 time that Redis is left alone for each counted one (ms) · 4 `1` = the first step of a sweep,
 * which waits for that time unless the count is known to be wrong.
 * Reply: 0 nothing to do for now, or done · 1 take the next step · 2 the same, and the count is known to be wrong.
 */
export const countFailedScript = luaScript('mqCountFailed', {
  allowOom: true,
  uses: [endingFunctions, letterFunctions],
  body: `
local now, step = tonumber(ARGV[1]), tonumber(ARGV[2])
local failed, dead, pass = base .. 'failed', base .. 'mq:dead', base .. 'mq:dead:pass'
local letters, _, isCounted = letterCounts()
if letters == 0 then return 0 end
local restUntil = tonumber(redis.call('HGET', dead, 'restUntil')) or 0
if ARGV[4] == '1' and isCounted and now < restUntil and restUntil - now < 3600000 then return 0 end
local at = redis.call('HMGET', pass, 'score', 'id', 'last', 'count', 'bytes', 'fromCount', 'fromBytes')
local first, count, bytes = 0, tonumber(at[4]) or 0, tonumber(at[5]) or 0
if at[1] then
  local rank = redis.call('ZRANK', failed, at[2])
  first = rank and rank + 1 or redis.call('ZCOUNT', failed, '-inf', '(' .. at[1])
else
  local known = redis.call('HMGET', dead, 'count', 'bytes')
  at[3], at[6], at[7] = redis.call('ZRANGE', failed, -1, -1, 'WITHSCORES')[2], known[1] or '0', known[2] or '0'
end
local found, score, id = redis.call('ZRANGE', failed, first, first + step - 1, 'WITHSCORES'), nil, nil
for i = 1, #found, 2 do
  if tonumber(found[i + 1]) > tonumber(at[3]) then break end
  id, score, count, bytes = found[i], found[i + 1], count + 1, bytes + letterBytes(found[i])
end
redis.call('HSET', dead, 'restUntil', math.max(now, math.min(restUntil, now + 3600000)) + #found / 2 * tonumber(ARGV[3]))
if id and #found == 2 * step then
  redis.call('HSET', pass, 'score', score, 'id', id, 'last', at[3], 'count', count, 'bytes', bytes,
    'fromCount', at[6], 'fromBytes', at[7])
  redis.call('EXPIRE', pass, 3600)
  return isCounted and 1 or 2
end
redis.call('DEL', pass)
noteLetters(count - tonumber(at[6]), bytes - tonumber(at[7]))
return 0
`,
});
