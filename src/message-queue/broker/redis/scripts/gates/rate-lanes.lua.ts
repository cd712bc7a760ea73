import { rateFunctions } from '../functions/rates.lua.js';
import { lazily } from '../lua-script.js';
import { BEFORE_WAKES } from './batches.lua.js';

/**
 * Lua functions after `takeWaitingFunctions`, the gates and `rateFunctions`: what a rate that is closed does with jobs that would start.
 *
 * A rate is known by an id: `q` that of the queue, `j:<job>` and `s:<shared rate>` that of a job name, `k:<key>` and `t:<tenant>` that of a group.
 * Its bucket is `mq:bucket:<id>`, or of a shared one what the policy says. Who waits for it stands in `mq:wake`, by when it opens (ms): `r:<id>`, or the
 * group, `g:<name>`.
 *
 * - The queue's: nothing is taken.
 * - That of a job name: the job moves to a lane of the rate, `mq:lane:rate:<id>:<level>`, one for each level. It is a lane like others in all
 *   but its rank in `mq:lanes`: behind all while it is closed, where nobody takes from, and right before its level once the rate is open. Jobs of that
 *   name that are newer go behind those in it.
 * - That of a group: the job goes back to its place, and the group sleeps.
 *
 * The caller says in `laneState.now` what time (ms) it is where the server keeps its own from scripts.
 *
 * - `openDue()`: opens what may have opened since; before anything is taken. Returns for how many starts.
 * - `roomInQueue(count)`: how many of so many jobs the queue's rate lets start now.
 * - `passRates(job)`: lets a job start, `{ id, name, group, tenant, priority, hasRun }`, or puts it where it waits. Returns whether it starts.
 * - `giveUp(id)`: it does not start after all.
 * - `closeRateOf(name, ms)`: closes the rate of a job name, or else of the queue. Returns false where there is none.
 * - `endRates(isHungry)`: at the end; whoever takes jobs says whether it asked for more than it got. Returns how long until somebody must look again for what this call closed, and how long the queue
 *   is closed; both in ms, or false.
 */
const rateLaneFunctions = `
local CLOSED_RANK = 3e15
local ruled = { granted = {}, wakeAt = false }
local wakeKey = base .. 'mq:wake'

local function bucketFor(id, rate)
  return bucketOf(rate.bucket or (base .. 'mq:bucket:' .. id), rate, serverNow(laneState.now))
end

local function rateOfJob(name)
  local job = policy().jobs and policy().jobs[name]
  local rate = job and job.rate
  if not rate then return nil end
  return rate.name and ('s:' .. rate.name) or ('j:' .. name), rate
end

local function rateOfId(id)
  if id == 'q' then return policy().rate end
  for name in pairs(policy().jobs or {}) do
    local other, rate = rateOfJob(name)
    if other == id then return rate end
  end
end

local function opensAt(bucket)
  return math.ceil((bucket.next + costOf(bucket.rate, bucket.spent)) / 1000)
end

local function sleepUntilOpen(member, bucket)
  wantRate(bucket)
  local at = opensAt(bucket)
  if redis.call('ZADD', wakeKey, asText(at), member) == 1 then
    redis.call('HINCRBY', base .. 'mq:flow:figures', 'rateClosedMs', asText(math.max(0, at - math.floor(ratesNow / 1000))))
  end
  -- Workers wait for their queue themselves.
  if member ~= 'r:q' then ruled.wakeAt = math.min(ruled.wakeAt or at, at) end
end

-- By the id of their rate.
local function rateLanes()
  if ruled.lanes then return ruled.lanes end
  ruled.lanes = {}
  local ranked = redis.call('ZRANGE', lanesKey, 0, -1, 'WITHSCORES')
  for i = 1, #ranked, 2 do
    local id = string.match(ranked[i], '^rate:(.*):[^:]*$')
    if id then
      local lanes = ruled.lanes[id] or { isOpen = true }
      lanes[#lanes + 1] = ranked[i]
      if tonumber(ranked[i + 1]) > LAST_RANK then lanes.isOpen = false end
      ruled.lanes[id] = lanes
    end
  end
  return ruled.lanes
end

local function openRank(lane)
  local level = string.match(lane, '([^:]*)$')
  return rankOf(tonumber(level) or LIFO) - 0.5
end

local function setRanks(id, isOpen)
  local lanes = rateLanes()[id]
  if not lanes then return end
  lanes.isOpen = isOpen
  for _, lane in ipairs(lanes) do
    if redis.call('EXISTS', laneKey(lane)) == 1 then redis.call('ZADD', lanesKey, isOpen and openRank(lane) or CLOSED_RANK, lane) end
  end
end

local function openRate(id)
  local rate = rateOfId(id)
  local bucket = rate and bucketFor(id, rate)
  if bucket and bucket.free < 1 then
    sleepUntilOpen('r:' .. id, bucket)
    return 0
  end
  redis.call('ZREM', wakeKey, 'r:' .. id)
  setRanks(id, true)
  return bucket and bucket.free or 1000
end

local function openDue()
  local opened, now = 0, serverNow(laneState.now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', wakeKey, '${BEFORE_WAKES}', now, 'LIMIT', 0, 1000)) do
    local name = string.sub(member, 3)
    if string.sub(member, 1, 2) == 'r:' then
      opened = opened + openRate(name)
    else
      redis.call('ZREM', wakeKey, member)
      admit(name, true)
    end
  end
  return opened
end

local function closeLanes(id, bucket)
  setRanks(id, false)
  sleepUntilOpen('r:' .. id, bucket)
end

laneState.roomIn = function(lane, count)
  local id = string.match(lane.level, '^rate:(.*):[^:]*$')
  local rate = id and rateOfId(id)
  if not rate then return count end
  local bucket = bucketFor(id, rate)
  if bucket.free < 1 then closeLanes(id, bucket) end
  return math.min(count, bucket.free)
end

-- Their starts are theirs from now on: nobody taken in the same call gets them.
laneState.popped = function(lane, ids)
  local id = string.match(lane.level, '^rate:(.*):[^:]*$')
  local rate = id and rateOfId(id)
  if not rate then return end
  local bucket = bucketFor(id, rate)
  spendRate(bucket, #ids)
  for _, job in ipairs(ids) do ruled.granted[job] = bucket end
end

local function giveUp(id)
  local bucket = ruled.granted[id]
  if bucket then spendRate(bucket, -1) end
  ruled.granted[id] = nil
end

local function roomInQueue(count)
  local rate = policy().rate
  return rate and math.min(count, bucketFor('q', rate).free) or count
end

-- One that ran before goes in front: it comes back, and those there are newer.
local function moveBehindRate(job, id, bucket)
  local lane = 'rate:' .. id .. ':' .. tostring(job.tenant and DEFAULT_LEVEL or levelOf(job.priority))
  local lanes = rateLanes()[id] or { isOpen = false }
  redis.call('LREM', base .. 'active', 1, job.id)
  redis.call(job.hasRun and 'RPUSH' or 'LPUSH', laneKey(lane), job.id)
  redis.call('ZADD', lanesKey, lanes.isOpen and openRank(lane) or CLOSED_RANK, lane)
  if type(redis.pcall('INCRBY', countKey, 1)) == 'table' then countAnew() end
  ruled.lanes[id] = lanes
  local isKnown = false
  for _, other in ipairs(lanes) do isKnown = isKnown or other == lane end
  if not isKnown then lanes[#lanes + 1] = lane end
  if not (lanes.isOpen or lanes.isNoted) then
    lanes.isNoted = true
    sleepUntilOpen('r:' .. id, bucket)
  end
  return false
end

local function letGroupSleep(job, name, bucket)
  giveUp(job.id)
  redis.call('LREM', base .. 'active', 1, job.id)
  putBack(job, name)
  sleepUntilOpen('g:' .. name, bucket)
  gateState.mayWake = true
  return false
end

local function passRates(job)
  local buckets, id, rate = {}, rateOfJob(job.name)
  if rate and not ruled.granted[job.id] then
    local bucket = bucketFor(id, rate)
    if bucket.free < 1 or rateLanes()[id] then return moveBehindRate(job, id, bucket) end
    buckets[1] = bucket
  end
  for _, name in ipairs({ job.group or '', job.tenant and 't:' .. job.tenant or '' }) do
    local gate = string.sub(name, 1, 1)
    local ofGroup = gate == 'k' and policy().key or gate == 't' and policy().tenant
    if ofGroup and ofGroup.rate then
      local bucket = bucketFor(name, ofGroup.rate)
      if bucket.free < 1 then return letGroupSleep(job, name, bucket) end
      buckets[#buckets + 1] = bucket
    end
  end
  if policy().rate then buckets[#buckets + 1] = bucketFor('q', policy().rate) end
  for _, bucket in ipairs(buckets) do spendRate(bucket, 1) end
  return true
end

local function closeRateOf(name, ms)
  local id, rate = rateOfJob(name)
  if not rate then id, rate = 'q', policy().rate end
  if not rate then return false end
  closeRate(rate.bucket or (base .. 'mq:bucket:' .. id), ms, rate, serverNow(laneState.now))
  return true
end

local function holdsJobs(lanes)
  for _, lane in ipairs(lanes) do
    if redis.call('EXISTS', laneKey(lane)) == 1 then return true end
  end
  return false
end

local function endRates(isHungry)
  for id, lanes in pairs(ruled.lanes or {}) do
    local rate = lanes.isOpen and rateOfId(id)
    local bucket = rate and bucketFor(id, rate)
    if bucket and (bucket.free < 1 or isHungry == false) and holdsJobs(lanes) then
      if bucket.free < 1 then closeLanes(id, bucket) else wakeWorkers() end
    end
  end
  local closedFor = false
  if isHungry and policy().rate then
    local bucket = bucketFor('q', policy().rate)
    if bucket.free < 1 and redis.call('EXISTS', waitKey, lanesKey) > 0 then
      sleepUntilOpen('r:q', bucket)
      closedFor = math.max(0, opensAt(bucket) - math.floor(ratesNow / 1000))
    end
  end
  storeRates()
  return ruled.wakeAt and math.max(0, ruled.wakeAt - math.floor(ratesNow / 1000)), closedFor
end
`;

const RATE_GATE_FUNCTIONS = [
  ...['openDue', 'roomInQueue', 'passRates', 'giveUp', 'closeRateOf', 'endRates'],
] as const;

/** Lua function `rates()`, after the gates: the functions above, made for a queue whose policy has a rate. */
export const rateGates = lazily('rates', [rateFunctions, rateLaneFunctions], RATE_GATE_FUNCTIONS);
