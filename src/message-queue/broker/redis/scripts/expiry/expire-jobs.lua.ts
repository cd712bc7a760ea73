import { gates } from '../gates/gates.lua.js';
import { heldFunctions } from '../gates/held.lua.js';
import { laneFunctions } from '../lanes/lane.lua.js';
import { luaScript } from '../lua-script.js';
import { expiry } from './expiry.lua.js';

/** Jobs that one call looks at. */
const STEP = 100;
/** In a list as long as this a job is not looked for: that it is too late is found when it is reached. */
const LONG_LANE = 1_000;

/**
 * Ends jobs that have not started in time, wherever they wait: delayed, held by a group, or in a lane that is not long.
 *
 * ARGV: 1 now (ms), where the server keeps its time from scripts · 2 expired jobs to keep · 3 for how long (ms) · 4 id of this call.
 * Reply: `[[[id, name, data, opts, attemptsMade, timestamp, priority] of one that ended…], how long until the next one must have started (ms) or null]`.
 */
export const expireJobsScript = luaScript('mqExpireJobs', {
  allowOom: true,
  uses: [laneFunctions, gates, heldFunctions, expiry],
  body: `
local expires, now = base .. 'mq:expires', expiry().serverNow(tonumber(ARGV[1]))
local ended, outlines = {}, {}
local before = expiry().keptReplies(ARGV[4])[1]
-- How long is to be waited has changed since.
if before then return { expiry().filledIn(before), 0 } end

local function leaveShortList(id, key, level)
  if redis.call('LLEN', key) >= ${LONG_LANE} then return false end
  if level then return removeFromLane(id, level) > 0 end
  return redis.call('LREM', key, 0, id) > 0
end

local function leaveShortLane(id)
  local level = levelOf(fieldOf(id, 'priority'))
  local levels = rateLevels()
  for _, each in ipairs({ level, 0, LIFO }) do levels[#levels + 1] = each end
  for _, each in ipairs(levels) do
    if leaveShortList(id, laneKey(each), each) then return true end
  end
  return leaveShortList(id, waitKey) or leaveShortList(id, pausedKey)
end

local function leavePlace(id)
  local wasDelayed = redis.call('ZREM', base .. 'delayed', id) == 1
  if not (wasDelayed or isHeldJob(id) or leaveShortLane(id)) then return false end
  redis.call('ZREM', base .. 'priority', id)
  leaveGroups(id, wasDelayed)
  -- Who is let in may be the next to go.
  endGates()
  return true
end

local function expire(id)
  local stored = redis.pcall('HMGET', base .. id, 'name', 'data', 'opts', 'attemptsMade', 'timestamp', 'priority', 'mqExpires', 'mqCancel', 'mqErased')
  local by = not stored.err and stored[7] and tonumber(stored[7])
  if by and by > now then
    redis.call('ZADD', expires, stored[7], id)
    return
  end
  redis.call('ZREM', expires, id)
  -- How one ends that is to be cancelled or erased is decided.
  if not by or stored[8] or stored[9] then return end
  if redis.call('LPOS', base .. 'active', id) then
    -- Taken by somebody who does not know what this is.
    expiry().hasStarted(id)
  elseif leavePlace(id) then
    expiry().endAsExpired(id, now)
    ended[#ended + 1] = { id, stored[1], stored[2], stored[3], stored[4], stored[5], stored[6] }
    outlines[#outlines + 1] = expiry().outlineOf(ended[#ended])
  end
end

redis.call('ZCARD', base .. 'mq:expired')
for _, id in ipairs(redis.call('ZRANGEBYSCORE', expires, '-inf', now, 'LIMIT', 0, ${STEP})) do expire(id) end
if #outlines > 0 then expiry().keepReply(ARGV[4], outlines) end
expiry().trimExpired(now, tonumber(ARGV[2]), tonumber(ARGV[3]))
local following = redis.call('ZRANGE', expires, 0, 0, 'WITHSCORES')[2]
return { ended, following and math.max(0, tonumber(following) - now) or false }
`,
});

/** Removes expired jobs that are too old, or too many. ARGV: 1–3 of {@link expireJobsScript}. Reply: how many. */
export const sweepExpiredScript = luaScript('mqSweepExpired', {
  allowOom: true,
  uses: [expiry],
  body: `
if redis.call('EXISTS', base .. 'mq:expired') == 0 then return 0 end
return expiry().trimExpired(expiry().serverNow(tonumber(ARGV[1])), tonumber(ARGV[2]), tonumber(ARGV[3]))
`,
});
