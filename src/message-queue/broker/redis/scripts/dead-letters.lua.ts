import { endingFunctions, letterFunctions } from './ending.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript } from './lua-script.js';

/**
 * Reads jobs of the failed set.
 *
 * ARGV: 1 `ZRANGE` (oldest first) or `ZREVRANGE` · 2 first position · 3 last position · 4 text in the opts that makes the
 * stack traces unnecessary, empty: nothing does · 5 `opts`, and further fields. Reply: `[id, stack traces or null, fields…]` for each.
 */
export const readFailedScript = luaScript('mqReadFailed', {
  readsOnly: true,
  body: `
local ids = redis.call(ARGV[1], base .. 'failed', ARGV[2], ARGV[3])
for i, id in ipairs(ids) do
  local fields = redis.pcall('HMGET', base .. id, unpack(ARGV, 5))
  if fields.err then fields = { false } end
  local needless = ARGV[4] ~= '' and fields[1] and string.find(fields[1], ARGV[4], 1, true)
  ids[i] = { id, not needless and redis.call('HGET', base .. id, 'stacktrace'), unpack(fields) }
end
return ids
`,
});

/** Fields that cannot all be unchanged once a job has left the failed set and come back. */
export const VERSION_FIELDS = ['attemptsMade', 'processedOn', 'finishedOn', 'retriedOn'] as const;

/** Reads the opts and versions of jobs. ARGV: ids. Reply for each: opts or null, the version's fields, timestamp, priority. */
export const readOptionsScript = luaScript('mqReadOptions', {
  readsOnly: true,
  body: `
local jobs = {}
for i, id in ipairs(ARGV) do
  jobs[i] = redis.pcall('HMGET', base .. id, 'opts', '${VERSION_FIELDS.join("', '")}', 'timestamp', 'priority')
  if jobs[i].err then jobs[i] = {} end
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
  uses: [laneFunctions, endingFunctions, letterFunctions],
  body: `
local now, outcomes, count, bytes = ARGV[1], {}, 0, 0

local function replay(id, options, computedFrom)
  local key = base .. id
  local stored = redis.pcall('HMGET', key, 'name', 'priority', '${VERSION_FIELDS.join("', '")}')
  local version = (stored[3] or '') .. ' ' .. (stored[4] or '') .. ' ' .. (stored[5] or '') .. ' ' .. (stored[6] or '')
  if stored[1] and version ~= computedFrom then return -1 end
  checkLane(levelOf(stored[2]))
  if redis.call('ZREM', base .. 'failed', id) == 0 then return 0 end
  count, bytes = count + 1, bytes + letterBytes(id)
  if not stored[1] then return 0 end
  redis.call('HDEL', key, 'finishedOn', 'processedOn', 'failedReason', 'stacktrace', 'returnvalue', 'progress',
    'stalledCounter', 'mqCrashes', 'mqCancel', 'mqRun')
  redis.call('HSET', key, 'attemptsMade', 0, 'opts', options, 'retriedOn', now)
  gather(id, levelOf(stored[2]))
  return 1
end

for i = 3, #ARGV, 3 do outcomes[#outcomes + 1] = replay(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
insertGathered()
if count > 0 then noteLetters(-count, -bytes) end
for i, outcome in ipairs(outcomes) do
  if outcome == 1 then redis.pcall('PUBLISH', base .. 'waiting@' .. ARGV[2], ARGV[i * 3]) end
end
return outcomes
`,
});

/** Removes dead letters for good. ARGV: ids. Reply: the ids that were removed; the others were not in the failed set. */
export const discardJobsScript = luaScript('mqDiscardJobs', {
  allowOom: true,
  uses: [endingFunctions, letterFunctions],
  body: `
local removed = {}
for _, id in ipairs(ARGV) do
  if redis.call('ZREM', base .. 'failed', id) == 1 then
    freeDebounce(id)
    removed[#removed + 1] = id
  end
end
dropLetters(removed)
return removed
`,
});

/**
 * Removes dead letters that are too old, or too many.
 *
 * ARGV: 1 now (ms) · 2 remove those that failed before (ms) · 3 dead letters to keep · 4 their bytes to keep · 5 how many to remove at most ·
 * 6 shortest time between two reports of what was dropped, by whomever (ms).
 * Reply: `[[id…], 1 = the bytes must be counted anew, letters dropped since the last report: 0 when it is not time for one]`.
 */
export const sweepFailedScript = luaScript('mqSweepFailed', {
  allowOom: true,
  uses: [endingFunctions, letterFunctions],
  body: `
local now, step = tonumber(ARGV[1]), tonumber(ARGV[5])
local failed, dead = base .. 'failed', base .. 'mq:dead'
local old = redis.call('ZRANGEBYSCORE', failed, '-inf', '(' .. ARGV[2], 'LIMIT', 0, step)
for from = 1, #old, 5000 do redis.call('ZREM', failed, unpack(old, from, math.min(from + 4999, #old))) end
dropLetters(old)
for _, id in ipairs(dropExcess(ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), step - #old)) do old[#old + 1] = id end
local letters, bytes, isCounted, counted = letterCounts()
if letters == 0 then redis.call('HDEL', dead, 'count', 'bytes') end
local mustCount = not isCounted and (letters > counted or bytes > tonumber(ARGV[4]) / 2)
local told = redis.call('HMGET', dead, 'dropped', 'told', 'toldAt')
local untold = (tonumber(told[1]) or 0) - (tonumber(told[2]) or 0)
if untold <= 0 or now - (tonumber(told[3]) or 0) < tonumber(ARGV[6]) then return { old, mustCount and 1 or 0, 0 } end
redis.call('HSET', dead, 'told', told[1], 'toldAt', ARGV[1])
return { old, mustCount and 1 or 0, untold }
`,
});

/**
 * Counts dead letters anew, by steps. While others come and go the result is about right, which is enough.
 *
 * ARGV: 1 position of the first, from the newest on · 2 how many · 3 and 4 count and bytes of the steps before · 5 and 6 `count` and `bytes` of
 * `mq:dead` when the first step was taken, empty for the first step itself.
 * Reply: `[count, bytes, 5, 6]`, the arguments of the next step; after the last one, which corrects `mq:dead`, null. Null too when another process counts.
 */
export const countFailedScript = luaScript('mqCountFailed', {
  allowOom: true,
  uses: [endingFunctions, letterFunctions],
  body: `
local first, step, count, bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local dead = base .. 'mq:dead'
local known = { ARGV[5], ARGV[6] }
if known[1] == '' then
  if not redis.call('SET', dead .. ':counting', '', 'PX', 60000, 'NX') then return false end
  known = redis.call('HMGET', dead, 'count', 'bytes')
end
local ids = redis.call('ZREVRANGE', base .. 'failed', first, first + step - 1)
for _, id in ipairs(ids) do bytes = bytes + letterBytes(id) end
count = count + #ids
if #ids == step then return { count, bytes, known[1] or '0', known[2] or '0' } end
noteLetters(count - (tonumber(known[1]) or 0), bytes - (tonumber(known[2]) or 0))
redis.call('DEL', dead .. ':counting')
return false
`,
});
