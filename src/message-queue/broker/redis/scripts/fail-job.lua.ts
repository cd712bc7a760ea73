import { endingFunctions, letterFunctions } from './ending.lua.js';
import { expiry } from './expiry/expiry.lua.js';
import { delayFunctions } from './lanes/delay.lua.js';
import { gates } from './gates/gates.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { argumentTable, luaScript } from './lua-script.js';
import { ownershipFunctions } from './functions/ownership.lua.js';

/**
 * Spends an attempt: the job waits again, is delayed, or becomes a dead letter; its record gets the failure.
 *
 * ARGV: 1 token · 2 id · 3 now (ms) · 4 when to run again: `dead` = never, `0` = at once, else ms · 5 failed reason ·
 * 6 stack traces (JSON) · 7 attempts made · 8 new opts · 9 the opts this was computed from · 10 event data · 11 `1` = lifo ·
 * 12 the run (`mqRun`) · 13 dead letters to keep · 14 their bytes to keep · 15 `1` = its key may stand still for it.
 * Reply: 1 stored · 0 no longer ours · 2 this very call was executed before · or the opts stored now, when
 * they differ from 9: compute again.
 */
export const failJobScript = luaScript('mqFailJob', {
  allowOom: true,
  uses: [laneFunctions, ownershipFunctions, endingFunctions, letterFunctions, delayFunctions, gates, expiry],
  body: `
local token, id, now, again = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = base .. id
local stored = redis.call('HMGET', key, 'opts', 'attemptsMade', 'priority', 'mqGroup', 'mqTenant', 'mqExpires')
local job = (stored[4] or stored[5]) and { id = id, group = stored[4], tenant = stored[5], priority = stored[3] }
if not owns(id, token, ARGV[12]) then
  if (tonumber(stored[2]) or 0) >= tonumber(ARGV[7]) then return 2 end
  return 0
end
if not stored[1] and redis.call('EXISTS', key) == 1 then stored[1] = '{}' end
if stored[1] and stored[1] ~= ARGV[9] then return stored[1] end
if not stored[1] then
  letGo(id, ARGV[12])
  return 0
end
-- What could refuse the job where it goes does so before it leaves where it is.
local level, counter = levelOf(stored[3]), nil
if job and job.tenant then level = DEFAULT_LEVEL end
if again == 'dead' then
  redis.call('ZCARD', base .. 'failed')
elseif again == '0' then
  checkLane(level)
else
  redis.call('ZCARD', base .. 'delayed')
  counter = redis.call('INCR', base .. 'id')
end
letGo(id, ARGV[12])
redis.call('HSET', key, 'failedReason', ARGV[5], 'stacktrace', ARGV[6], 'attemptsMade', ARGV[7], 'opts', ARGV[8])
if stored[6] then expiry().hasStarted(id) end
if job and again ~= 'dead' then gates().suspend(job) end
if again == 'dead' then
  -- First, so that what it parks for is not dropped for being one too many.
  if job then
    if ARGV[15] == '1' then gates().park(job, now) else gates().ended(job) end
  end
  endAsFailed(id, now, ARGV[10], tonumber(ARGV[13]), tonumber(ARGV[14]))
elseif again == '0' then
  if job then
    gates().enter(job)
  elseif ARGV[11] == '1' and level == 0 then
    letWaitFirst({ id }, LIFO)
  else
    letWait({ id }, level)
  end
else
  redis.call('HSET', key, 'mqDue', again)
  delayUntil(id, tonumber(again), counter)
end
if job then gates().insertAdmitted() end
return 1
`,
});

/**
 * Passes an active job on, which this worker does not know, without spending an attempt: it runs again later. The set
 * `mq:unknown` lists such jobs by when the first worker did not know them; their field `mqUnknown` says that too, and the
 * version of their payload. Jobs of the same name and options that stand next in its lane and met no such worker yet go with it:
 * what stands behind very many of them would wait until each was taken.
 *
 * ARGV: 1 token · 2 id · 3 the run (`mqRun`) · 4 now (ms) · 5 pause at least (ms) · 6 at most, though never less than that (ms) ·
 * 7 unknown since (ms) · 8 version · 9 how many others may go with it ·
 * 10 pause per job that was passed on (ms). Reply: 1 stored · 0 no longer ours.
 */
export const passOnScript = luaScript('mqPassOn', {
  allowOom: true,
  uses: [laneFunctions, ownershipFunctions, delayFunctions, gates, expiry],
  body: `
local id, run, since, unknown = ARGV[2], ARGV[3], ARGV[7], base .. 'mq:unknown'
if not owns(id, ARGV[1], run) then return 0 end
local now, least, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
redis.call('ZCARD', base .. 'delayed')
local counter = redis.call('INCR', base .. 'id')
redis.call('ZADD', unknown, since, id)
if letGo(id, run) == 0 then return 0 end

local function mark(job)
  local due = now + math.max(least, math.min(most, redis.call('ZCARD', unknown) * ARGV[10]))
  redis.call('HSET', base .. job, 'mqUnknown', since .. ' ' .. ARGV[8], 'mqDue', string.format('%.0f', due))
  return due
end

local function goesToo(job, name, opts)
  local stored = redis.pcall('HMGET', base .. job, 'name', 'opts', 'mqUnknown', 'mqCrashes', 'mqRun', 'finishedOn', 'mqGroup', 'mqTenant')
  if not (name and stored[1] == name and stored[2] == opts) then return false end
  for field = 3, 8 do
    if stored[field] then return false end
  end
  return true
end

-- Nothing of plain Bull's may stand among them.
local function passOnNext(count)
  if redis.call('EXISTS', base .. 'priority') == 1 or isPaused() then return end
  local first = redis.call('HMGET', base .. id, 'name', 'opts', 'priority')
  local level = levelOf(first[3])
  local lane = { level = level, key = level == DEFAULT_LEVEL and waitKey or laneKey(level) }
  local waiting, gone = redis.call('LRANGE', lane.key, -count, -1), 0
  for i = #waiting, 1, -1 do
    local job = waiting[i]
    if not goesToo(job, first[1], first[2]) then break end
    redis.call('ZADD', unknown, since, job)
    delayQuietly(job, mark(job), redis.call('INCR', base .. 'id'))
    gone = gone + 1
  end
  if gone == 0 then return end
  redis.call('LTRIM', lane.key, 0, -gone - 1)
  leftLane(lane, gone)
end

local grouped = gates().gatedJob(id)
if grouped then
  gates().suspend(grouped)
  gates().insertAdmitted()
end
delayUntil(id, mark(id), counter)
expiry().waitsAgain(id)
if not grouped and ARGV[9] ~= '0' then passOnNext(tonumber(ARGV[9])) end
return 1
`,
});

/** Ends the mark of a job that was passed on: this worker knows it. ARGV: 1 token · 2 id · 3 the run (`mqRun`). */
export const endPassingOnScript = luaScript('mqEndPassingOn', {
  allowOom: true,
  uses: [ownershipFunctions],
  body: `
local id = ARGV[2]
if not owns(id, ARGV[1], ARGV[3]) then return 0 end
redis.call('ZREM', base .. 'mq:unknown', id)
return redis.call('HDEL', base .. id, 'mqUnknown')
`,
});

/** Fields of one job in the arguments of {@link releaseJobsScript}, in this order. */
const RELEASE_FIELDS = ['id', 'run', 'again', 'closedMs', 'begun', 'since'] as const;

/**
 * Gives active jobs back without spending an attempt.
 *
 * ARGV: 1 token · then the fields of {@link RELEASE_FIELDS} per job: `run` its `mqRun`, `again` when to run again: `0` = at
 * once, at the front of its lane, the first of the jobs foremost; else ms. `closedMs` for how long the rate that it is under closes, or empty:
 * then, if there is such a rate, the job goes to the front of its lane. `begun` now (ms) if its run had begun, else empty. `since` since when (ms) somebody outside
 * makes it wait, or empty.
 * Reply: for each 1 stored · 0 no longer ours.
 */
export const releaseJobsScript = luaScript('mqReleaseJobs', {
  allowOom: true,
  uses: [laneFunctions, ownershipFunctions, delayFunctions, gates, expiry],
  body: `
local replies = {}

local function release(job)
  local id = job.id
  if not owns(id, ARGV[1], job.run) then return 0 end
  local level, counter, grouped = nil, nil, gates().gatedJob(id)
  if job.closedMs ~= '' and gates().policy().rated then
    laneState.now = tonumber(job.again) - tonumber(job.closedMs)
    if gates().rates().closeRateOf(fieldOf(id, 'name'), tonumber(job.closedMs)) then job.again = '0' end
  end
  if job.again == '0' then
    level = grouped and grouped.tenant and DEFAULT_LEVEL or levelOf(fieldOf(id, 'priority'))
    checkLane(level)
  else
    redis.call('ZCARD', base .. 'delayed')
    counter = redis.call('INCR', base .. 'id')
  end
  if letGo(id, job.run) == 0 then return 0 end
  if job.since ~= '' then redis.call('HSET', base .. id, 'mqWaits', job.since) end
  if job.begun ~= '' then redis.call('HSET', base .. id, 'mqDue', job.again == '0' and job.begun or job.again) end
  if fieldOf(id, 'mqExpires') then
    if job.begun ~= '' then expiry().hasStarted(id) else expiry().waitsAgain(id) end
  end
  if level and grouped then
    gates().back(grouped)
  elseif level then
    letWaitFirst({ id }, level)
  else
    if grouped then gates().suspend(grouped) end
    delayUntil(id, tonumber(job.again), counter)
  end
  if grouped then gates().insertAdmitted() end
  return 1
end

-- From the last one on: each goes before the one behind it.
for first = #ARGV - ${RELEASE_FIELDS.length - 1}, 2, -${RELEASE_FIELDS.length} do
  table.insert(replies, 1, release(${argumentTable(RELEASE_FIELDS)}))
end
return replies
`,
});
