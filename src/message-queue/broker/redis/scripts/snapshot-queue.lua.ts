import { timeFunctions } from './functions/server-time.lua.js';
import { BEFORE_WAKES } from './gates/batches.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript, luaScriptOverQueues } from './lua-script.js';

/** Levels that jobs of ours have, and none. */
const LANES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Of what is set by hand, and of parked keys: more are not looked at. */
const MOST_READ = 1_000;

/** What the keys of a queue hold. */
const KEY_TYPES = `
local KEYS_BY_TYPE = {
  list = { 'wait', 'paused', 'active', 'mq:lane:lifo', ${LANES.map((level) => `'mq:lane:${level}'`).join(', ')} },
  zset = { 'delayed', 'completed', 'failed', 'priority', 'repeat', 'mq:lanes', 'mq:unknown', 'mq:keys', 'mq:groups', 'mq:wake', 'mq:expires', 'mq:expired' },
  set = { 'stalled', 'mq:ahead' },
  hash = { 'mq:dead', 'mq:keys:forgotten', 'mq:set', 'mq:parked', 'mq:flow:figures' },
  number = { 'id', 'mq:waiting', 'mq:held', 'mq:place' }
}
`;

/**
 * Counts of queues, and for each the age of the job that waits longest. Jobs are first in, first out within a priority, so
 * only the first job of each lane can be the oldest: one look-up per level in use.
 *
 * Reply for each queue: `[waiting, active, delayed, completed, failed, paused, isPaused 0|1, from when the oldest could run or null, dropped dead letters,
 * when the last one was dropped (ms) as text or null, unknown jobs, idempotency keys that were forgotten before their time,
 * when the last one was (ms) as text or null, jobs that expired, what groups hold or null: `[held, groups that hold, parked, paused, asleep, from when the
 * job could run that has been held longest or null, stored name of the key that has been parked longest or null, its text in `mq:parked`, slots freed by the sweep, time
 * that rates were closed (ms)]`, [[name of a key, what it holds, what belongs there]…]]`; with any of
 * the last, nothing is counted.
 */
export const snapshotQueueScript = luaScriptOverQueues('mqSnapshotQueue', {
  readsOnly: true,
  uses: [laneFunctions, KEY_TYPES],
  body: `
local wrong = {}

local function check(name, belongs)
  local holds = redis.call('TYPE', base .. name).ok
  if holds == 'string' and belongs == 'number' and string.match(redis.call('GET', base .. name), '^%-?%d+$') then return end
  if holds ~= 'none' and holds ~= belongs then wrong[#wrong + 1] = { name, holds, belongs } end
end

for belongs, names in pairs(KEYS_BY_TYPE) do
  for _, name in ipairs(names) do check(name, belongs) end
end
if #wrong > 0 then return { 0, 0, 0, 0, 0, 0, isPaused() and 1 or 0, false, 0, false, 0, 0, false, 0, false, wrong } end
local lanes, oldest = lanesAsTheyStand(), nil
local dropped = redis.call('HMGET', base .. 'mq:dead', 'dropped', 'droppedAt')
local forgotten = redis.call('HMGET', base .. 'mq:keys:forgotten', 'count', 'at')
local waiting, paused = redis.call('LLEN', waitKey), redis.call('LLEN', pausedKey)
local inLanes = waitingDepth() - waiting - paused

local function lastAt(records)
  local last = type(records) == 'table' and records[#records]
  return type(last) == 'table' and tonumber(last.at) or 0
end

-- As TakenJob.couldRunAt says it, but for crashes.
local function couldRunAt(id)
  local job = redis.pcall('HMGET', base .. id, 'timestamp', 'mqDue', 'opts')
  local at = not job.err and tonumber(job[1])
  if not at then return nil end
  local isRead, options = pcall(cjson.decode, job[3] or '')
  if isRead and type(options) == 'table' then
    at = type(options['repeat']) == 'table' and tonumber(options.prevMillis) or at + (tonumber(options.delay) or 0)
    local record = type(options.mq) == 'table' and options.mq or {}
    at = math.max(at, lastAt(record.failures), lastAt(record.replays))
  end
  return math.max(at, tonumber(job[2]) or 0)
end

local function lookAt(id)
  local at = id and couldRunAt(id)
  if at and (not oldest or at < oldest) then oldest = at end
  return at
end

for i = 1, math.min(#lanes, 20) do
  local lane = lanes[i]
  lookAt(redis.call('LINDEX', lane.key, lane.level == LIFO and 0 or -1))
end
-- Those of plain Bull that are not sorted in yet stand before the others of Bull's list, by their priorities.
local unsorted = redis.call('ZCARD', base .. 'priority')
if unsorted > 0 then
  local first = defaultLane()
  for _, id in ipairs(redis.call('LRANGE', first, -20, -1)) do lookAt(id) end
  lookAt(redis.call('LINDEX', first, -(unsorted + 1)))
end
local figures = redis.call('HMGET', base .. 'mq:flow:figures', 'expired', 'repairs', 'rateClosedMs')

local function countOfPaused()
  local count, all = 0, redis.call('HLEN', base .. 'mq:set')
  if all > ${MOST_READ} then return all end
  for _, setting in ipairs(redis.call('HVALS', base .. 'mq:set')) do
    if string.find(setting, '"paused":', 1, true) then count = count + 1 end
  end
  return count
end

local function oldestHeld()
  local name = redis.call('ZRANGE', base .. 'mq:groups', 0, 0)[1]
  local id = name and redis.call('ZRANGEBYSCORE', base .. 'mq:g:' .. name, '(0', '(+inf', 'LIMIT', 0, 1)[1]
  local at = lookAt(id)
  return at and string.format('%.0f', at)
end

local function oldestParked()
  local found, first, since = redis.call('HSCAN', base .. 'mq:parked', '0', 'COUNT', ${MOST_READ})[2], nil, nil
  for i = 2, #found, 2 do
    local at = tonumber(string.match(found[i], ' (%d+)$'))
    if at and (not since or at < since) then first, since = i, at end
  end
  return found[first and first - 1], found[first]
end

local function flowOf()
  if redis.call('EXISTS', base .. 'mq:groups', base .. 'mq:set', base .. 'mq:parked', base .. 'mq:wake', base .. 'mq:flow:figures') == 0 then
    return false
  end
  local parkedKey, parkedBy = oldestParked()
  return {
    heldJobs(), redis.call('ZCARD', base .. 'mq:groups'), redis.call('HLEN', base .. 'mq:parked'), countOfPaused(),
    redis.call('ZCOUNT', base .. 'mq:wake', '${BEFORE_WAKES}', '+inf'), oldestHeld() or false, parkedKey or false, parkedBy or false,
    tonumber(figures[2]) or 0, tonumber(figures[3]) or 0
  }
end

local flow = flowOf()
return {
  isPaused() and waiting or waiting + inLanes, redis.call('LLEN', base .. 'active'), redis.call('ZCARD', base .. 'delayed'),
  redis.call('ZCARD', base .. 'completed'), redis.call('ZCARD', base .. 'failed'), isPaused() and paused + inLanes or paused,
  isPaused() and 1 or 0, oldest and string.format('%.0f', oldest) or false,
  tonumber(dropped[1]) or 0, dropped[2], redis.call('ZCARD', base .. 'mq:unknown'),
  tonumber(forgotten[1]) or 0, forgotten[2], tonumber(figures[1]) or 0, flow, wrong
}
`,
});

/**
 * Reads the jobs that were passed on because no worker so far knew them, those that have waited longest first, and forgets
 * those that were removed or have ended since.
 *
 * ARGV: 1 how many at most. Reply: `[how many there are, [[name, field mqUnknown]…]]`.
 */
export const readUnknownScript = luaScript('mqReadUnknown', {
  allowOom: true,
  body: `
local key, most, found, gone = base .. 'mq:unknown', tonumber(ARGV[1]), {}, 0
while #found < most and gone < 10 * most do
  local ids = redis.call('ZRANGE', key, #found, #found + 199)
  for _, id in ipairs(ids) do
    local job = redis.pcall('HMGET', base .. id, 'name', 'mqUnknown', 'finishedOn')
    if job[1] and job[2] and not job[3] then
      found[#found + 1] = { job[1], job[2] }
    else
      redis.call('ZREM', key, id)
      gone = gone + 1
    end
  end
  if #ids < 200 then break end
end
return { redis.call('ZCARD', key), found }
`,
});

/**
 * Tells whether there is anything to keep in queues; an empty one costs one command.
 *
 * Reply for each queue: null when it is empty, otherwise `[keys of active jobs and of those seen active, how long until the next
 * delayed job is due, or must have started, or who sleeps is to be woken (ms; 0 where the server keeps its time from scripts) or null, jobs that wait in Bull's list, jobs that wait in the other lanes,
 * 1 if jobs were passed on, 1 if groups hold any or are parked]`.
 */
export const lookAtQueuesScript = luaScriptOverQueues('mqLookAtQueues', {
  readsOnly: true,
  uses: [laneFunctions, timeFunctions],
  body: `
local active, stalled, delayed = base .. 'active', base .. 'stalled', base .. 'delayed'
if redis.call('EXISTS', active, stalled, delayed, waitKey, lanesKey, base .. 'mq:groups', base .. 'mq:parked', base .. 'mq:wake',
  base .. 'mq:expires') == 0 then
  return false
end
local nextDue, dueIn, passedOn = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2], false, 0
if nextDue then
  local dueAt = math.floor(tonumber(nextDue) / 0x1000)
  dueIn = math.max(0, dueAt - serverNow(dueAt))
  passedOn = redis.call('EXISTS', base .. 'mq:unknown')
end
local expires = tonumber(redis.call('ZRANGE', base .. 'mq:expires', 0, 0, 'WITHSCORES')[2])
if expires then dueIn = math.min(dueIn or math.huge, math.max(0, expires - serverNow(expires))) end
local inWait, inLanes = redis.call('LLEN', waitKey), tonumber(waitingInLanes()) or 0
if inLanes > 0 and isPaused() then inLanes = 0 end
local sleeper = redis.call('ZRANGEBYSCORE', base .. 'mq:wake', '${BEFORE_WAKES}', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
if sleeper then
  local wakeAt = tonumber(sleeper)
  local wakeIn = math.max(0, wakeAt - serverNow(wakeAt))
  if not dueIn or wakeIn < dueIn then dueIn = wakeIn end
  -- What waits for a closed rate waits for no worker.
  if redis.call('ZSCORE', base .. 'mq:wake', 'r:q') then inWait, inLanes = 0, 0 end
  for _, lane in ipairs(inLanes > 0 and redis.call('ZRANGEBYSCORE', lanesKey, '(' .. LAST_RANK, '+inf') or {}) do
    inLanes = math.max(0, inLanes - redis.call('LLEN', laneKey(lane)))
  end
end
return {
  redis.call('EXISTS', active, stalled),
  dueIn,
  inWait,
  inLanes,
  passedOn,
  redis.call('EXISTS', base .. 'mq:groups', base .. 'mq:parked')
}
`,
});
