import { endingFunctions, letterFunctions, oddFunctions } from './ending.lua.js';
import { expiry } from './expiry/expiry.lua.js';
import { BEFORE_WAKES } from './gates/batches.lua.js';
import { gates } from './gates/gates.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript } from './lua-script.js';
import { timeFunctions } from './functions/server-time.lua.js';

/**
 * Renews the locks of active jobs. An expired lock is taken again unless somebody has taken the job.
 *
 * ARGV: 1 token · 2 lock (ms) · 3… ids.
 * Reply: `[[id of a job that is no longer ours…], [[id, reason, `1` = erased] of a job that is to stop…]]`.
 */
export const renewLocksScript = luaScript('mqRenewLocks', {
  allowOom: true,
  body: `
local lost, stopped = {}, {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local holder = redis.call('GET', base .. id .. ':lock')
  if holder == ARGV[1] or (not holder and redis.call('LPOS', base .. 'active', id) ~= false) then
    redis.call('SET', base .. id .. ':lock', ARGV[1], 'PX', ARGV[2])
    redis.call('SREM', base .. 'stalled', id)
    local stop = redis.call('HMGET', base .. id, 'mqCancel', 'mqErased')
    if stop[1] or stop[2] then stopped[#stopped + 1] = { id, stop[1] or '', stop[2] or '' } end
  else
    lost[#lost + 1] = id
  end
end
return { lost, stopped }
`,
});

/** Lua function `crashCount(records)`: how many crashes the field `mqCrashes` records (JSON objects, comma-separated). */
export const crashFunctions = `
local function crashCount(records)
  if not records then return 0 end
  return select(2, string.gsub(records, '"kind"', ''))
end
`;

/** How late a check for jobs of dead workers may come, milliseconds. */
const LATE_MS = 1_000;

/**
 * Moves active jobs whose lock is gone back to the front of their lane. As in Bull, a job must have been seen active
 * by the previous check (set \`stalled\`). A run that had begun leaves a crash record in the field \`mqCrashes\`
 * (JSON objects, comma-separated).
 *
 * ARGV: 1 now (ms) · 2 shortest time between two checks, over all workers (ms) · 3 crash records to keep per job.
 * A check that comes late does nothing.
 * Reply: `[[stalled id…], [id of an entry that was no job, and is a dead letter now…]]`.
 */
export const recoverStalledScript = luaScript('mqRecoverStalled', {
  allowOom: true,
  uses: [
    timeFunctions,
    laneFunctions,
    crashFunctions,
    endingFunctions,
    letterFunctions,
    oddFunctions,
    gates,
    expiry,
  ],
  body: `
local now, keep = ARGV[1], tonumber(ARGV[3])
-- The client sent it again after an outage, in which nobody could renew a lock.
if serverNow(tonumber(now)) - tonumber(now) > ${LATE_MS} then return { {}, {} } end
if not redis.call('SET', base .. 'stalled-check', now, 'PX', ARGV[2], 'NX') then return { {}, {} } end
local stalled, phantoms = {}, {}

local function recordCrash(key)
  local attempt = (tonumber(redis.call('HGET', key, 'attemptsMade')) or 0) + 1
  local crash = '{"at":' .. now .. ',"attempt":' .. attempt
    .. ',"kind":"crash","error":"WorkerCrashed","message":"The worker that ran the job died or lost its lock."}'
  local earlier = redis.call('HGET', key, 'mqCrashes')
  if crashCount(earlier) < keep then redis.call('HSET', key, 'mqCrashes', earlier and (earlier .. ',' .. crash) or crash) end
end

local function recover(id)
  local key = base .. id
  if redis.call('EXISTS', key .. ':lock') == 1 then return end
  local stored = redis.pcall('HMGET', key, 'name', 'timestamp', 'mqRun', 'priority', 'mqHeld', 'mqGroup', 'mqTenant', 'mqExpires')
  checkLane(stored[7] and DEFAULT_LEVEL or levelOf(stored[4]))
  if redis.call('LREM', base .. 'active', 1, id) == 0 then return end
  if not (stored[1] and stored[2]) then
    buryEntry(id, now)
    phantoms[#phantoms + 1] = id
    return
  end
  local wasAhead = false
  if stored[3] and stored[3] ~= '' then
    wasAhead = redis.call('SREM', base .. 'mq:ahead', stored[3] .. ' ' .. id) == 1
    if not (wasAhead or stored[5]) then recordCrash(key) end
    redis.call('HDEL', key, 'mqRun', 'mqHeld')
  end
  if stored[8] and wasAhead then
    expiry().waitsAgain(id)
  elseif stored[8] then
    expiry().hasStarted(id)
  end
  if stored[6] or stored[7] then
    gates().back({ id = id, group = stored[6], tenant = stored[7], priority = stored[4] })
    gates().insertAdmitted()
  else
    letWaitFirst({ id }, levelOf(stored[4]))
  end
  redis.pcall('PUBLISH', base .. 'stalled@', id)
  stalled[#stalled + 1] = id
end

local candidates = redis.call('SMEMBERS', base .. 'stalled')
for _, id in ipairs(candidates) do recover(id) end
redis.call('DEL', base .. 'stalled')
local active = redis.call('LRANGE', base .. 'active', 0, -1)
-- Marks of jobs that were lost together with their runs.
if #active == 0 then redis.call('DEL', base .. 'mq:ahead') end
for from = 1, #active, 5000 do
  redis.call('SADD', base .. 'stalled', unpack(active, from, math.min(from + 4999, #active)))
end
return { stalled, phantoms }
`,
});

/** A timer that rings so much too early has not lost its turn, milliseconds. */
const EARLY_MS = 20;
/** Until the next rate is woken, at least: what is late by that is caught up with. Milliseconds. */
const LEAST_WAIT_MS = 5;

/**
 * Moves delayed jobs that are due by the server's clock into their lanes, at most 1 000, and wakes the rates and groups that sleep until now.
 *
 * ARGV: 1 now (ms), where the server keeps its time from scripts · 2 token · 3 how many jobs the caller would take. When more may start, all
 * workers are told.
 * Reply: how long until the next one is due (ms), or null; how many jobs may start now that waited for a rate; and how long until the next one must
 * have started (ms; at most 0 when it should have), or null. Of those who sleep, only whoever
 * woke some is told when the next one is to be woken: else all workers of a queue would ask each time.
 */
export const promoteDueScript = luaScript('mqPromoteDue', {
  allowOom: true,
  uses: [laneFunctions, timeFunctions, gates],
  body: `
local now = serverNow(tonumber(ARGV[1]))
local due = redis.call('ZRANGEBYSCORE', base .. 'delayed', 0, string.format('%.0f', (now + 1) * 0x1000 - 1), 'LIMIT', 0, 1000)
local grouped = {}
for _, id in ipairs(due) do
  local stored = redis.pcall('HMGET', base .. id, 'priority', 'mqGroup', 'mqTenant')
  local job = (stored[2] or stored[3]) and { id = id, group = stored[2], tenant = stored[3], priority = stored[1] }
  local level = job and job.tenant and DEFAULT_LEVEL or levelOf(stored[1])
  checkLane(level)
  if job then grouped[#grouped + 1] = job else gather(id, level) end
end
for _, id in ipairs(due) do redis.call('ZREM', base .. 'delayed', id) end
for _, job in ipairs(grouped) do gates().enter(job) end
local opened, wakeIn = 0, false
if redis.call('EXISTS', base .. 'mq:wake') == 1 then
  laneState.now = now
  opened = gates().rates().openDue()
  wakeIn = gates().rates().endRates(nil)
  if opened > tonumber(ARGV[3]) then wakeWorkers() end
  -- A timer may ring a little early.
  local sleeper = redis.call('ZRANGEBYSCORE', base .. 'mq:wake', '${BEFORE_WAKES}', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local inMs = sleeper[2] and math.max(0, tonumber(sleeper[2]) - now)
  -- All were told of a batch, and one that is full closes its window earlier: then nobody wakes it.
  local isBatch = inMs and string.sub(sleeper[1], 1, 4) == 'g:b:'
  if inMs and (opened > 0 or wakeIn or isBatch or inMs < ${EARLY_MS}) then wakeIn = math.max(inMs, ${LEAST_WAIT_MS}) end
end
if loaded_gates then gates().insertAdmitted() else insertGathered() end
for _, id in ipairs(due) do
  if redis.call('EXISTS', base .. id) == 1 then redis.pcall('HSET', base .. id, 'delay', 0) end
  redis.pcall('PUBLISH', base .. 'waiting@' .. ARGV[2], id)
end
local nextDue = redis.call('ZRANGE', base .. 'delayed', 0, 0, 'WITHSCORES')[2]
local dueIn = nextDue and math.max(0, math.floor(tonumber(nextDue) / 0x1000) - now)
if wakeIn and (not dueIn or wakeIn < dueIn) then dueIn = wakeIn end
local expires = redis.call('ZRANGE', base .. 'mq:expires', 0, 0, 'WITHSCORES')[2]
return { dueIn or false, opened, expires and math.floor(tonumber(expires)) - now or false }
`,
});

/**
 * Lets jobs wait that workers passed on and this one knows, without the rest of their pauses; those first that have waited longest.
 *
 * ARGV: 1 token · 2 how many jobs that were passed on are left out · 3 how many are looked at · then per job of the queue its name and
 * the newest version of its payload. Reply: how many were looked at, and how many of them wait now.
 */
export const letKnownWaitScript = luaScript('mqLetKnownWait', {
  allowOom: true,
  uses: [laneFunctions, gates],
  body: `
local known, ids, isGrouped = {}, {}, false
for i = 4, #ARGV, 2 do known[ARGV[i]] = tonumber(ARGV[i + 1]) end
local first = tonumber(ARGV[2])
local passedOn = redis.call('ZRANGE', base .. 'mq:unknown', first, first + ARGV[3] - 1)
for _, id in ipairs(passedOn) do
  local job = redis.pcall('HMGET', base .. id, 'name', 'mqUnknown', 'priority')
  local version = job[2] and tonumber(string.match(job[2], ' (%d+)$'))
  if version and version <= (known[job[1]] or 0) and redis.call('ZREM', base .. 'delayed', id) == 1 then
    ids[#ids + 1] = id
    redis.call('HSET', base .. id, 'delay', 0)
    local grouped = gates().gatedJob(id)
    if grouped then
      gates().enter(grouped)
      isGrouped = true
    else
      gather(id, levelOf(job[3]))
    end
  end
end
if isGrouped then gates().insertAdmitted() else insertGathered() end
for _, id in ipairs(ids) do redis.pcall('PUBLISH', base .. 'waiting@' .. ARGV[1], id) end
return { #passedOn, #ids }
`,
});
