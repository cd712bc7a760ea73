/**
 * Lua functions after `laneFunctions`.
 *
 * - `takeWaiting(count, read)`: moves up to `count` waiting jobs to `active`, the most important lane first and first in first out
 *   within it; none while the queue is paused. `read(id)` returns a job as the caller wants it, the field `priority` of its
 *   hash, and its tenant, if it has one. Returns the jobs, and whether there may be more although fewer came: ask again.
 * - `letStraysWait(ids)`: puts jobs that were moved from Bull's list to `active`, and are of other lanes, into these.
 */
export const takeWaitingFunctions = `
local function popFrom(key, count)
  if count < 1 then return {} end
  redis.call('LLEN', base .. 'active')
  local ids = redis.call('RPOP', key, math.min(count, MOST_SORTED))
  if ids then redis.call('LPUSH', base .. 'active', unpack(ids)) end
  return ids or {}
end

-- Jobs of other lanes that stand next in Bull's list go to their own.
local function settleFront()
  for moved = 1, MOST_SORTED do
    local id = redis.call('LINDEX', waitKey, -1)
    local level = id and strayLevel(id) or DEFAULT_LEVEL
    if level == DEFAULT_LEVEL then return end
    redis.call('RPOP', waitKey)
    pushToLane('LPUSH', { id }, level)
  end
end

local function letStraysWait(ids)
  local strays = {}
  for _, id in ipairs(ids) do
    redis.call('LREM', base .. 'active', 1, id)
    group(strays, id, strayLevel(id))
  end
  for _, lane in ipairs(strays) do pushToLane('LPUSH', lane, lane.level) end
end

local function takeDefault(taken, count, read)
  local ids, strays, areShared = popFrom(waitKey, count), {}, false
  for _, id in ipairs(ids) do
    local job, priority, tenant = read(id)
    areShared = areShared or tenant
    if levelOf(priority) == DEFAULT_LEVEL then
      taken[#taken + 1] = job
    else
      strays[#strays + 1] = id
    end
  end
  letStraysWait(strays)
  return #ids, areShared
end

local function takeFrom(lane, taken, count, read)
  local ids = popFrom(lane.key, laneState.roomIn and laneState.roomIn(lane, count) or count)
  if laneState.popped then laneState.popped(lane, ids) end
  for _, id in ipairs(ids) do taken[#taken + 1] = (read(id)) end
  leftLane(lane, #ids)
end

local function firstLane()
  local first = redis.call('ZRANGE', lanesKey, 0, 0, 'WITHSCORES')
  -- Behind all: the rate of that lane is closed.
  if not first[1] or tonumber(first[2]) > LAST_RANK then return nil end
  return { key = laneKey(first[1]), level = first[1], rank = tonumber(first[2]) }
end

local function takeWaiting(count, read)
  if isPaused() then return {}, false end
  local taken, popped, isSettled = {}, 0, false
  local leastLeft = sortIn()
  while #taken < count and popped < MOST_SORTED do
    local lane = firstLane()
    if lane and lane.rank < DEFAULT_LEVEL and not isSettled and not leastLeft then
      isSettled = true
      settleFront()
      lane = firstLane()
    end
    if leastLeft then
      if not lane or lane.rank > leastLeft then return taken, true end
      takeFrom(lane, taken, count - #taken, read)
    elseif lane and lane.rank <= DEFAULT_LEVEL then
      takeFrom(lane, taken, count - #taken, read)
    else
      local came, areShared = takeDefault(taken, count - #taken, read)
      popped = popped + came
      -- Once these have started, the next of their tenants stand there too, before all that is less important.
      if areShared then return taken, #taken < count end
      if came == 0 then
        lane = firstLane()
        if not lane then return taken, false end
        takeFrom(lane, taken, count - #taken, read)
      end
    end
  end
  return taken, #taken < count
end
`;
