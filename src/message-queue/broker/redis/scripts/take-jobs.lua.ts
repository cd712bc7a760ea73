import { hearingFunctions } from './hearing.lua.js';
import { crashFunctions } from './keep-jobs.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { takeWaitingFunctions } from './lanes/take-waiting.lua.js';
import { luaScript } from './lua-script.js';
import { ownershipFunctions } from './ownership.lua.js';

/** The fields of a taken job, in the order of the replies: all that Bull's job and we read of it. The id comes last. */
export const TAKEN_FIELDS = [
  ...['name', 'timestamp', 'processedOn', 'mqRun', 'mqHeld', 'mqCrashes', 'mqCancel', 'data', 'opts'],
  ...['attemptsMade', 'stacktrace', 'failedReason', 'returnvalue', 'progress', 'delay', 'deid'],
  ...['finishedOn', 'retriedOn', 'priority'],
] as const;

const FIELDS = `'${TAKEN_FIELDS.join("', '")}'`;
const ID = TAKEN_FIELDS.length + 1;

/** Position of a field in the replies, from 1. */
function at(field: (typeof TAKEN_FIELDS)[number]): number {
  return TAKEN_FIELDS.indexOf(field) + 1;
}

/**
 * Lua function `takeJobs(count, now, token, lockMs, starts)`: moves up to `count` jobs from their lanes to `active`, locks them and
 * returns two lists and whether to ask again although fewer came: the jobs, each as its {@link TAKEN_FIELDS} and its id, and the ids of phantoms: entries whose hash has no name and
 * timestamp (Redis evicted or lost it), which are removed and must never count as a success. An id that stands in a lane although
 * its job ended or is held (plain Bull leaves ids in lanes whose jobs it removes; the id may be used again) is dropped. The field `mqRun` identifies
 * this run: no other take of the job has the same. A job has not begun while it has the field `mqHeld`: `suspect` one that
 * crashed twice, until {@link beginSuspectScript} runs; `ahead` one beyond the first `starts`, which waits in its worker for a
 * handler, until a call of that worker begins it; `suspect ahead` one that is both.
 */
export const takeFunctions = `${laneFunctions}${takeWaitingFunctions}${crashFunctions}${hearingFunctions}
local function heldAs(crashes, isAhead)
  local isSuspect = crashes and crashCount(crashes) >= 2
  if isSuspect then return isAhead and 'suspect ahead' or 'suspect' end
  return isAhead and 'ahead'
end

local function begin(job, now, run, token, lockMs, isAhead)
  local key = base .. job[${ID}]
  redis.call('SET', key .. ':lock', token, 'PX', lockMs)
  job[${at('processedOn')}], job[${at('mqRun')}] = now, run
  local held = heldAs(job[${at('mqCrashes')}], isAhead)
  if held then
    job[${at('mqHeld')}] = held
    redis.call('HSET', key, 'processedOn', now, 'mqRun', run, 'mqHeld', held)
  else
    redis.call('HSET', key, 'processedOn', now, 'mqRun', run)
  end
end

-- Never where that could lose the job: it stands in a set of ended jobs, in active once more, or is taken by this call.
local function standsElsewhere(job, inCall)
  local id, run = job[${ID}], job[${at('mqRun')}]
  if inCall[id] then return true end
  if job[${at('finishedOn')}] then
    return redis.call('ZSCORE', base .. 'completed', id) or redis.call('ZSCORE', base .. 'failed', id)
  end
  if not run or run == '' or redis.call('EXISTS', base .. id .. ':lock') == 0 then return false end
  return redis.call('LPOS', base .. 'active', id, 'RANK', 2)
end

local function takeJobs(count, now, token, lockMs, starts)
  local taken, phantoms, run, again = {}, {}, nil, false
  local inCall, removed = {}, 0
  local activity = base .. 'active@' .. token
  while #taken < count and removed < 100 do
    local jobs
    jobs, again = takeWaiting(count - #taken, { ${FIELDS} })
    if #jobs == 0 then break end
    run = run or now .. ':' .. redis.call('INCR', base .. 'id') -- a call takes no job twice
    for _, job in ipairs(jobs) do
      local id = job[${ID}]
      local isPhantom = not (job[${at('name')}] and job[${at('timestamp')}])
      if isPhantom or standsElsewhere(job, inCall) then
        redis.call('LREM', base .. 'active', 1, id)
        removed = removed + 1
        if isPhantom then
          redis.call('DEL', base .. id)
          phantoms[#phantoms + 1] = id
        end
      else
        begin(job, now, run, token, lockMs, #taken >= starts)
        taken[#taken + 1], inCall[id] = job, true
        if heard(activity) then redis.call('PUBLISH', activity, id) end
      end
    end
  end
  return taken, phantoms, again or removed >= 100
end
`;

/**
 * Takes the next jobs.
 *
 * ARGV: 1 how many, all of which begin at once · 2 now (ms) · 3 token · 4 lock (ms) · 5 `1` to publish `drained` when there is none.
 * Reply: `[[job…], [phantom id…], 1 = ask again]`.
 */
export const takeJobsScript = luaScript('mqTakeJobs', {
  allowOom: true,
  uses: [takeFunctions],
  body: `
local count = tonumber(ARGV[1])
local taken, phantoms, again = takeJobs(count, ARGV[2], ARGV[3], ARGV[4], count)
if #taken == 0 and not again and ARGV[5] == '1' then redis.call('PUBLISH', base .. 'drained', '') end
return { taken, phantoms, again and 1 or 0 }
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

/**
 * Finds jobs that this worker holds without knowing it: Redis executed a take whose reply was lost.
 *
 * ARGV: 1 token · 2 lock (ms) · 3 how many at most · 4… ids that the worker knows. Reply: `[job…]`.
 */
export const adoptJobsScript = luaScript('mqAdoptJobs', {
  allowOom: true,
  body: `
local known = {}
for i = 4, #ARGV do known[ARGV[i]] = true end
local adopted = {}
for _, id in ipairs(redis.call('LRANGE', base .. 'active', 0, -1)) do
  if #adopted >= tonumber(ARGV[3]) then break end
  if not known[id] and redis.call('GET', base .. id .. ':lock') == ARGV[1] then
    redis.call('PEXPIRE', base .. id .. ':lock', ARGV[2])
    local job = redis.call('HMGET', base .. id, ${FIELDS})
    job[${ID}] = id
    adopted[#adopted + 1] = job
  end
end
return adopted
`,
});
