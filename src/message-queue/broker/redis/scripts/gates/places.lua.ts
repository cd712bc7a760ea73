/**
 * Lua functions after `slotFunctions`: the jobs of one group and their places in it, which `gates.lua.ts` explains.
 *
 * - `gatedJob(id)`: a job that has groups, `{ id, priority, group, tenant, isThere }`; nil without any.
 * - `newPlace(name, priority)`: a place behind all others of its level.
 * - `scoreOf(name, id)`: its score; nil for a job that the group does not know.
 * - `isHeld(score)`: whether a job with this score is held. `isHeldBy(name, id)`: whether the job is, and not delayed.
 * - `holdsDelayed(name)`: whether delayed jobs have their places in it.
 * - `isDelayed(name, id)`: whether it has its place although it is not due.
 * - `hold(name, id, place)`: the group holds it.
 * - `forgetIfIdle(name)`: the group may hold none any more.
 */
export const placeFunctions = `
local LEVEL_SHARE = 2 ^ 40

local function gatedJob(id)
  local stored = redis.pcall('HMGET', base .. id, 'mqGroup', 'mqTenant', 'priority', 'timestamp')
  if stored.err or not (stored[1] or stored[2]) then return nil end
  return { id = id, group = stored[1], tenant = stored[2], priority = stored[3], isThere = stored[4] ~= false }
end

local function asText(number)
  if number == math.huge then return '+inf' end
  return string.format('%.0f', number)
end

-- So many places will be asked for by this call: one command for all.
local function reservePlaces(count)
  gateState.places, gateState.nextPlace = count, redis.call('INCRBY', base .. 'mq:place', count) - count
end

local function numberOfPlace()
  if (gateState.places or 0) == 0 then return redis.call('INCR', base .. 'mq:place') end
  gateState.places, gateState.nextPlace = gateState.places - 1, gateState.nextPlace + 1
  return gateState.nextPlace
end

local function newPlace(name, priority)
  local place = numberOfPlace()
  if isOrdered(name) then return place end
  local level = math.floor(levelOf(priority))
  if level <= 0 then level = 4095 end
  return math.min(level, 4095) * LEVEL_SHARE + place
end

local function scoreOf(name, id)
  local score = redis.pcall('ZSCORE', groupKey(name), id)
  return type(score) == 'string' and (score == 'inf' and math.huge or score == '-inf' and -math.huge or tonumber(score)) or nil
end

local function isHeld(score)
  return score ~= nil and score > 0 and score < math.huge
end

local function holdsDelayed(name)
  return policy().key ~= nil and policy().key.hold and string.sub(name, 1, 1) == 'k'
end

local function isDelayed(name, id)
  return holdsDelayed(name) and redis.call('ZSCORE', base .. 'delayed', id) ~= false
end

local function isHeldBy(name, id)
  return name and isHeld(scoreOf(name, id)) and not isDelayed(name, id)
end

local function put(name, id, place)
  redis.call('ZADD', groupKey(name), asText(place), id)
  if gateState.sizes[name] then gateState.sizes[name] = gateState.sizes[name] + 1 end
end

local function hold(name, id, place)
  put(name, id, place)
  gateState.now = gateState.now or serverNow(0)
  if not gateState.holding[name] then redis.call('ZADD', groupsKey, 'NX', asText(gateState.now), name) end
  gateState.holding[name] = true
end

local function forgetIfIdle(name)
  if redis.call('ZCOUNT', groupKey(name), '(0', '(+inf') > 0 then return end
  redis.call('ZREM', groupsKey, name)
  gateState.holding[name] = nil
end
`;
