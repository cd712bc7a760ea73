import { depthFunctions } from './depth.lua.js';
import { leavingFunctions } from './leaving.lua.js';

/**
 * Lua functions: where waiting jobs stand. Every level has a list of its own, taken from its right end; levels are Bull's: 1 first,
 * 0 (no priority) last, `lifo` before all. The level of a job is the field `priority` of its hash; without it, 6. Jobs of level 6
 * stand in Bull's `wait`, or `paused` while the queue is; those of another in `mq:lane:<level>`. The zset `mq:lanes` knows which
 * of these hold jobs, in the order in which they are served; `mq:waiting` counts the jobs in them. When very many jobs are
 * sorted in (below), those of level 6 go to a lane too, which is served before `wait`: they are older than what is added there.
 *
 * Plain Bull, and versions before lanes, put all jobs into `wait`: those with a priority to the right end, and into the zset
 * `priority`; others to the left. Whatever takes or adds jobs here sorts those of the zset in first, at most 1 000; the
 * others are found when they are reached.
 *
 * - `checkLane(level)`: raises an error when somebody put something else where the lane stands: before a job is taken away from where it is.
 * - `fieldOf(id, field)`: a field of a job's hash; false when there is none.
 * - `levelOf(stored)`: the level of a job by its field `priority`.
 * - `letWait(ids, level)`: puts jobs, in order, behind their lane.
 * - `letWaitFirst(ids, level)`: puts jobs before their lane; `ids[1]` is the next one.
 * - `gather(id, level)`, `insertGathered()`: the same as `letWait` for many jobs of any levels, one insert per lane.
 * - `lanesInUse()`: `{ key, level, rank }` of each list that may hold waiting jobs, in the order in which they are served.
 * - `lanesAsTheyStand()`: the same without sorting in, for scripts that only read.
 * - `leftLane(lane, count)`: so many jobs have left a lane of `lanesInUse()`.
 * - `sortIn()`: sorts in. Returns the least level that is left in the zset, or nil.
 */
export const laneFunctions = `
local DEFAULT_LEVEL = 6
local LIFO = 'lifo'
local MOST_SORTED = 1000
local FIRST_RANK, LAST_RANK = -1e15, 1e15
local waitKey, pausedKey, lanesKey, countKey = base .. 'wait', base .. 'paused', base .. 'mq:lanes', base .. 'mq:waiting'
local laneState = {}

local function isPaused()
  if laneState.paused == nil then laneState.paused = redis.call('EXISTS', base .. 'meta-paused') == 1 end
  return laneState.paused
end

local function defaultLane()
  return isPaused() and pausedKey or waitKey
end

local function laneKey(level)
  return base .. 'mq:lane:' .. tostring(level)
end

-- Of what stands in a list only the list says that it is a job: under its key may be anything.
local function fieldOf(id, field)
  local value = redis.pcall('HGET', base .. id, field)
  if type(value) == 'table' then return false end
  return value
end

local function checkLane(level)
  redis.call('LLEN', level == DEFAULT_LEVEL and defaultLane() or laneKey(level))
  redis.call('ZCARD', lanesKey)
  redis.call('ZCARD', base .. 'priority')
end

local function rankOf(level)
  if level == LIFO then return FIRST_RANK end
  if level == 0 then return LAST_RANK end
  return level
end

local function levelOf(stored)
  if not stored then return DEFAULT_LEVEL end
  local level = tonumber(stored)
  if not level or level ~= level or math.abs(level) >= LAST_RANK then return 0 end
  return level
end

local function pushAll(command, list, ids)
  local length = 0
  for from = 1, #ids, 5000 do
    length = redis.call(command, list, unpack(ids, from, math.min(from + 4999, #ids)))
  end
  return length
end

local function reversed(ids)
  local result = {}
  for i = #ids, 1, -1 do result[#result + 1] = ids[i] end
  return result
end

local function wakeWorkers()
  if laneState.woken then return end
  laneState.woken = true
  redis.pcall('PUBLISH', base .. 'mq:wake', '')
end

-- Somebody put something else there.
local function countAnew()
  local count = 0
  for _, level in ipairs(redis.call('ZRANGE', lanesKey, 0, -1)) do count = count + redis.call('LLEN', laneKey(level)) end
  redis.call('SET', countKey, count)
end

local function pushToLane(command, ids, level, isOld)
  if #ids == 0 then return end
  if level == DEFAULT_LEVEL and not isOld then
    pushAll(command, defaultLane(), ids)
    return
  end
  if pushAll(command, laneKey(level), ids) == #ids then redis.call('ZADD', lanesKey, rankOf(level), tostring(level)) end
  if type(redis.pcall('INCRBY', countKey, #ids)) == 'table' then countAnew() end
  wakeWorkers()
end

local function group(groups, id, level)
  local name = 'level ' .. level
  local ids = groups[name]
  if not ids then
    ids = { level = level }
    groups[name], groups[#groups + 1] = ids, ids
  end
  ids[#ids + 1] = id
end

-- A job that stands in Bull's list without being of its lane: plain Bull put it there, LIFO ones to be next of all.
local function strayLevel(id)
  local stored = redis.pcall('HMGET', base .. id, 'priority', 'opts', 'mqTenant')
  if stored[3] then return DEFAULT_LEVEL end
  local level = levelOf(stored[1])
  if level == 0 and stored[2] and string.find(stored[2], '"lifo":true', 1, true) then return LIFO end
  return level
end

local function popUnsorted(list, unsorted)
  local sorted, kept, found, popped, moved = {}, {}, 0, 0, 0
  while popped < MOST_SORTED and found < unsorted do
    local ids = redis.call('RPOP', list, math.min(MOST_SORTED - popped, unsorted - found))
    if not ids then break end
    popped = popped + #ids
    for _, id in ipairs(ids) do
      local isUnsorted, level = redis.call('ZREM', base .. 'priority', id) == 1, strayLevel(id)
      if isUnsorted then found = found + 1 end
      if isUnsorted or level ~= DEFAULT_LEVEL then
        group(sorted, id, level)
        moved = moved + 1
      else
        kept[#kept + 1] = id
      end
    end
  end
  pushAll('RPUSH', list, reversed(kept))
  return sorted, moved > 0 and popped == MOST_SORTED
end

local function hasOldLane()
  return redis.call('EXISTS', laneKey(DEFAULT_LEVEL)) == 1
end

local function sortIn()
  if laneState.sorted then return laneState.leastLeft end
  laneState.sorted = true
  local unsorted = redis.call('ZCARD', base .. 'priority')
  if unsorted == 0 then return nil end
  local isBulk = unsorted > MOST_SORTED or hasOldLane()
  local groups, mayGoOn = popUnsorted(defaultLane(), unsorted)
  for _, ids in ipairs(groups) do pushToLane('LPUSH', ids, ids.level, isBulk) end
  local least = redis.call('ZRANGE', base .. 'priority', 0, 0, 'WITHSCORES')[2]
  -- What the zset names and the list does not hold is not waiting: a worker that took it died before it said so.
  if least and not mayGoOn then redis.call('DEL', base .. 'priority') end
  laneState.leastLeft = mayGoOn and least and tonumber(least) or nil
  return laneState.leastLeft
end

local function letWait(ids, level)
  sortIn()
  pushToLane('LPUSH', ids, level)
end

local function letWaitFirst(ids, level)
  sortIn()
  pushToLane('RPUSH', reversed(ids), level, level == DEFAULT_LEVEL and hasOldLane())
end

local gathered = {}

local function gather(id, level)
  group(gathered, id, level)
end

local function hasGathered()
  return #gathered > 0
end

local function insertGathered()
  for _, ids in ipairs(gathered) do letWait(ids, ids.level) end
  gathered = {}
end

${depthFunctions}
local function lanesAsTheyStand()
  local ranked, lanes = redis.call('ZRANGE', lanesKey, 0, -1, 'WITHSCORES'), {}
  local default = { key = defaultLane(), level = DEFAULT_LEVEL, rank = DEFAULT_LEVEL }
  for i = 1, #ranked, 2 do
    local lane = { key = laneKey(ranked[i]), level = ranked[i], rank = tonumber(ranked[i + 1]) }
    if default and lane.rank > DEFAULT_LEVEL then
      lanes[#lanes + 1], default = default, nil
    end
    lanes[#lanes + 1] = lane
  end
  if default then lanes[#lanes + 1] = default end
  return lanes
end

local function lanesInUse()
  sortIn()
  return lanesAsTheyStand()
end

local function leftLane(lane, count)
  if lane.level == DEFAULT_LEVEL then return end
  if redis.call('EXISTS', lane.key) == 0 then
    redis.call('ZREM', lanesKey, lane.level)
    -- Starts anew, should somebody have deleted a list behind our back.
    if redis.call('EXISTS', lanesKey) == 0 then
      redis.call('DEL', countKey)
      return
    end
  end
  if count > 0 then
    if type(redis.pcall('DECRBY', countKey, count)) == 'table' then countAnew() end
  end
end

${leavingFunctions}`;
