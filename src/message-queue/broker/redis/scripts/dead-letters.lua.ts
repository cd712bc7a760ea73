import { endingFunctions } from './ending.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript } from './lua-script.js';

/**
 * Reads jobs of the failed set.
 *
 * ARGV: 1 `ZRANGE` (oldest first) or `ZREVRANGE` · 2 first position · 3 last position · 4 text in the opts that makes the
 * stack traces unnecessary, empty: nothing does · 5 `opts`, and further fields. Reply: `[id, stack traces or null, fields…]` for each.
 */
export const readFailedScript = luaScript('mqReadFailed', {
  allowOom: true,
  body: `
local ids = redis.call(ARGV[1], base .. 'failed', ARGV[2], ARGV[3])
for i, id in ipairs(ids) do
  local fields = redis.call('HMGET', base .. id, unpack(ARGV, 5))
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
  allowOom: true,
  body: `
local jobs = {}
for i, id in ipairs(ARGV) do jobs[i] = redis.call('HMGET', base .. id, 'opts', '${VERSION_FIELDS.join("', '")}', 'timestamp', 'priority') end
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
  uses: [laneFunctions],
  body: `
local now, outcomes = ARGV[1], {}

local function replay(id, options, computedFrom)
  local key = base .. id
  local stored = redis.call('HMGET', key, 'name', 'priority', '${VERSION_FIELDS.join("', '")}')
  local version = (stored[3] or '') .. ' ' .. (stored[4] or '') .. ' ' .. (stored[5] or '') .. ' ' .. (stored[6] or '')
  if stored[1] and version ~= computedFrom then return -1 end
  if redis.call('ZREM', base .. 'failed', id) == 0 or not stored[1] then return 0 end
  redis.call('HDEL', key, 'finishedOn', 'processedOn', 'failedReason', 'stacktrace', 'returnvalue', 'progress',
    'stalledCounter', 'mqCrashes', 'mqCancel', 'mqRun')
  redis.call('HSET', key, 'attemptsMade', 0, 'opts', options, 'retriedOn', now)
  gather(id, levelOf(stored[2]))
  return 1
end

for i = 3, #ARGV, 3 do outcomes[#outcomes + 1] = replay(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
insertGathered()
for i, outcome in ipairs(outcomes) do
  if outcome == 1 then redis.call('PUBLISH', base .. 'waiting@' .. ARGV[2], ARGV[i * 3]) end
end
return outcomes
`,
});

/** Removes dead letters for good. ARGV: ids. Reply: the ids that were removed; the others were not in the failed set. */
export const discardJobsScript = luaScript('mqDiscardJobs', {
  allowOom: true,
  uses: [endingFunctions],
  body: `
local removed = {}
for _, id in ipairs(ARGV) do
  if redis.call('ZREM', base .. 'failed', id) == 1 then
    freeDebounce(id)
    redis.call('DEL', base .. id, base .. id .. ':logs')
    removed[#removed + 1] = id
  end
end
return removed
`,
});
