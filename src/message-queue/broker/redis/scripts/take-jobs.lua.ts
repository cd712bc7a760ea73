import { endingFunctions, letterFunctions, oddFunctions } from './ending.lua.js';
import { hearingFunctions } from './functions/hearing.lua.js';
import { crashFunctions } from './keep-jobs.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { companionFunctions } from './gates/companions.lua.js';
import { GATE_FUNCTIONS, GATES } from './gates/gates.lua.js';
import { expiry } from './expiry/expiry.lua.js';
import { takenTooLate } from './expiry/taken-too-late.lua.js';
import { takeWaitingFunctions } from './lanes/take-waiting.lua.js';
import { lazily, luaScript } from './lua-script.js';
import { at, readFunctions } from './functions/read-job.lua.js';
import { ownershipFunctions } from './functions/ownership.lua.js';

/** Jobs that a call moves behind closed rates at most: so others are reached soon, and Redis is not blocked for long. */
const MOST_MOVED = 200;

/**
 * Lua function `takeJobs(count, now, token, lockMs, starts)`: moves up to `count` jobs from their lanes to `active`, locks them and
 * returns: the jobs, each as its `TAKEN_FIELDS` before it was taken; the ids of phantoms: entries without a hash that has a name and
 * a timestamp (Redis evicted or lost it), which become dead letters and must never count as a success; whether to ask again although fewer
 * came; the run; and the jobs that have not started in time, which are expired now. An id that stands in a lane although its job ended or is held (plain Bull leaves ids in lanes whose jobs it
 * removes; the id may be used again) is dropped. The run, the field `mqRun` from now on, identifies this take: no other take of
 * a job has the same. A job that leads a batch brings the others along, each as its fields: a list behind those of its own.
 *
 * Jobs beyond the first `starts` are taken ahead: they have not begun, but wait in their worker for a handler, until a call of that
 * worker begins them. Until then the set `mq:ahead` holds `run id`. A job that crashed twice, a suspect, has not begun while it has
 * the field `mqHeld`: until {@link beginSuspectScript} runs. `queueIsPaused()`: nothing was taken because of that.
 */
export const takeFunctions = `${crashFunctions}${hearingFunctions}${readFunctions}${lazily(
  'lanes',
  [laneFunctions, takeWaitingFunctions, ...GATES],
  ['takeWaiting', 'letStraysWait', 'isPaused', 'levelOf', 'DEFAULT_LEVEL', 'laneState', ...GATE_FUNCTIONS],
)}${lazily('odd', [endingFunctions, letterFunctions, oddFunctions], ['buryEntry'])}${expiry}
local isUsual, isKnown = true, false

-- Whether the queue's policy is to be asked. Usually there is none, and nothing else is out of the ordinary either: one question for all.
local function hasFlow()
  isUsual = redis.call('EXISTS', base .. 'meta-paused', base .. 'priority', base .. 'mq:lanes', base .. 'mq:flow') == 0
  isKnown = isUsual
  return not isUsual and redis.call('EXISTS', base .. 'mq:flow') == 1
end

-- Usually nothing is paused, and all that waits stands in Bull's list.
local function takeNext(count)
  if not isKnown then isUsual = redis.call('EXISTS', base .. 'meta-paused', base .. 'priority', base .. 'mq:lanes') == 0 end
  isKnown = false
  if not isUsual then return lanes().takeWaiting(count, readJob) end
  local ids = redis.call('RPOP', base .. 'wait', math.min(count, 1000))
  if not ids then return {}, false end
  -- A key of another type: nothing may be lost for it.
  local active = redis.pcall('LPUSH', base .. 'active', unpack(ids))
  if type(active) == 'table' then
    for i = #ids, 1, -1 do redis.call('RPUSH', base .. 'wait', ids[i]) end
    error(active)
  end
  local jobs, strays = {}, {}
  for _, id in ipairs(ids) do
    local job, priority = readJob(id)
    if priority and lanes().levelOf(priority) ~= lanes().DEFAULT_LEVEL then
      strays[#strays + 1] = id
    else
      jobs[#jobs + 1] = job
    end
  end
  if #strays > 0 then lanes().letStraysWait(strays) end
  return jobs, #strays > 0
end

local function queueIsPaused()
  return not isUsual and lanes().isPaused()
end

local function begin(job, now, run, token, lockMs)
  local key, crashes = base .. job[${at('id')}], job[${at('mqCrashes')}]
  if job[${at('mqExpires')}] then redis.pcall('ZREM', base .. 'mq:expires', job[${at('id')}]) end
  redis.call('SET', key .. ':lock', token, 'PX', lockMs)
  if crashes and crashCount(crashes) >= 2 then
    job[${at('mqHeld')}] = 'suspect'
    redis.call('HSET', key, 'processedOn', now, 'mqRun', run, 'mqHeld', 'suspect')
    return true
  end
  redis.call('HSET', key, 'processedOn', now, 'mqRun', run)
  return false
end

-- Never where that could lose the job: it stands in a set of ended jobs, in active once more, or is taken by this call.
local function standsElsewhere(job, inCall)
  local id, run = job[${at('id')}], job[${at('mqRun')}]
  if inCall[id] then return true end
  if job[${at('finishedOn')}] then
    return redis.call('ZSCORE', base .. 'completed', id) or redis.call('ZSCORE', base .. 'failed', id) or redis.call('ZSCORE', base .. 'mq:expired', id)
  end
  if not run or run == '' or redis.call('EXISTS', base .. id .. ':lock') == 0 then return false end
  return redis.call('LPOS', base .. 'active', id, 'RANK', 2)
end

local areClosed

-- Whether groups are paused, or asleep.
local function someAreClosed()
  if areClosed == nil then areClosed = redis.call('EXISTS', base .. 'mq:set', base .. 'mq:wake') > 0 end
  return areClosed
end

-- Goes through the gates of its groups and rates; one that must wait goes back to its place, or behind its rate.
local function mayStart(job, isRated)
  -- One that has nothing but a key holds its slot already.
  if not (isRated or job[${at('mqTenant')}] or someAreClosed()) and string.sub(job[${at('mqGroup')}], 1, 2) == 'k:' then return true end
  local groups = { id = job[${at('id')}], group = job[${at('mqGroup')}], tenant = job[${at('mqTenant')}], priority = job[${at('priority')}] }
  local function mustWait(name)
    if lanes().slotsOf(name) > 0 then return false end
    if isRated then lanes().rates().giveUp(groups.id) end
    redis.call('LREM', base .. 'active', 1, groups.id)
    lanes().putBack(groups, name)
    return true
  end
  if groups.group and mustWait(groups.group) or groups.tenant and mustWait('t:' .. groups.tenant) then return false end
  if isRated then
    groups.name, groups.hasRun = job[${at('name')}], job[${at('processedOn')}]
    if not lanes().rates().passRates(groups) then return false end
  end
  if groups.group or groups.tenant then lanes().started(groups) end
  return true
end

local function hasRates(now)
  local text = hasFlow() and redis.pcall('GET', base .. 'mq:flow')
  if type(text) ~= 'string' or not string.find(text, '"rated":true', 1, true) then return false end
  lanes().laneState.now = tonumber(now)
  lanes().rates().openDue()
  lanes().insertAdmitted()
  return true
end

${takenTooLate}${companionFunctions}local function takeJobs(count, now, token, lockMs, starts)
  local taken, phantoms, expired, ahead, run, again = {}, {}, {}, {}, '', false
  if count == 0 then return taken, phantoms, again, run, expired, false, false end
  local inCall, removed = {}, 0
  local activity = base .. 'active@' .. token
  local isRated, wakeIn, closedFor = hasRates(now), false, false
  local mostRemoved = isRated and ${MOST_MOVED} or 100
  while #taken < count and removed < mostRemoved do
    local asked, jobs = count - #taken, nil
    if isRated then asked = math.min(lanes().rates().roomInQueue(asked), mostRemoved - removed) end
    if asked == 0 then break end
    jobs, again = takeNext(asked)
    if #jobs == 0 then break end
    if run == '' then run = now .. ':' .. redis.call('INCR', base .. 'id') end -- a call takes no job twice
    local wereMoved = false
    for _, job in ipairs(jobs) do
      local id = job[${at('id')}]
      local isPhantom = not (job[${at('name')}] and job[${at('timestamp')}])
      if isPhantom or standsElsewhere(job, inCall) then
        removed = removed + 1
        if isRated then lanes().rates().giveUp(id) end
        if isPhantom then
          odd().buryEntry(id, now)
          phantoms[#phantoms + 1] = id
        else
          redis.call('LREM', base .. 'active', 1, id)
        end
      elseif job[${at('mqExpires')}] and isExpired(job, now) then
        removed = removed + 1
        expired[#expired + 1] = job
        if isRated then lanes().rates().giveUp(id) end
      elseif (isRated or job[${at('mqGroup')}] or job[${at('mqTenant')}]) and not mayStart(job, isRated) then
        removed, wereMoved = removed + 1, true
      else
        local isSuspect = begin(job, now, run, token, lockMs)
        taken[#taken + 1], inCall[id] = job, true
        if job[${at('mqGroup')}] then takeCompanions(job, now, run, token, lockMs, inCall, expired) end
        if #taken > starts and not isSuspect then ahead[#ahead + 1] = run .. ' ' .. id end
        -- To ask costs as much as to publish twice.
        if #jobs <= 2 or heard(activity) then redis.pcall('PUBLISH', activity, id) end
      end
    end
    local wereAdmitted = loaded_lanes and lanes().insertAdmitted()
    if #jobs < asked and not (again or wereAdmitted or wereMoved) then break end
  end
  if isRated then
    wakeIn, closedFor = lanes().rates().endRates(#taken < count)
    if lanes().insertAdmitted() then again = true end
    if closedFor then again, mostRemoved = false, math.huge end
  end
  if #ahead > 0 then redis.call('SADD', base .. 'mq:ahead', unpack(ahead)) end
  if #expired > 0 then keepExpired(expired, token, run) end
  return taken, phantoms, again or removed >= mostRemoved, run, expired, wakeIn, closedFor
end
`;

/**
 * Takes the next jobs.
 *
 * ARGV: 1 how many, all of which begin at once · 2 now (ms) · 3 token · 4 lock (ms) · 5 `1` to publish `drained` when there is none.
 * Reply: `[[job…], [phantom id…], 1 = ask again, run, [job that expired…], in how many ms something opens that this call closed or null, for how many ms the queue is closed or null]`.
 */
export const takeJobsScript = luaScript('mqTakeJobs', {
  allowOom: true,
  uses: [takeFunctions],
  body: `
local count = tonumber(ARGV[1])
local taken, phantoms, again, run, expired, wakeIn, closedFor = takeJobs(count, ARGV[2], ARGV[3], ARGV[4], count)
if #taken == 0 and not again and ARGV[5] == '1' then redis.pcall('PUBLISH', base .. 'drained', '') end
return { taken, phantoms, again and 1 or 0, run, expired, wakeIn, closedFor }
`,
});

/** Marks a suspect as begun. ARGV: 1 token · 2 id · 3 the run (`mqRun`). Reply: 1 begun · 0 not ours any more. */
export const beginSuspectScript = luaScript('mqBeginSuspect', {
  allowOom: true,
  uses: [ownershipFunctions],
  body: `
if not owns(ARGV[2], ARGV[1], ARGV[3]) then return 0 end
redis.call('HDEL', base .. ARGV[2], 'mqHeld')
return 1
`,
});
