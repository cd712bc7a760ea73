/**
 * Lua functions for the order of waiting jobs. Bull keeps one list and takes jobs from its right end: jobs with a
 * priority are on the right, the most important rightmost, and those without one are left of them. The zset `priority`
 * holds the waiting ones.
 *
 * - `waitingList()`: the list that takes jobs now, `wait` or `paused`.
 * - `insertIntoLane(list, priority, ids, atFront)`: puts jobs, in order, behind all others of their priority (or
 *   before them). Bull's own insert walks all less important jobs; this one does what is cheaper: walk them once per
 *   job (`LINSERT`), or take the shorter end off the list and put it back.
 */
export const laneFunctions = `
local function waitingList()
  if redis.call('EXISTS', base .. 'meta-paused') == 1 then return base .. 'paused' end
  return base .. 'wait'
end

local function pushAll(command, list, ids)
  for from = 1, #ids, 5000 do
    redis.call(command, list, unpack(ids, from, math.min(from + 4999, #ids)))
  end
end

local function reversed(ids)
  local result = {}
  for i = #ids, 1, -1 do result[#result + 1] = ids[i] end
  return result
end

local function jobsAhead(priority, ids, atFront)
  local lanes = base .. 'priority'
  if priority == 0 then return redis.call('ZCARD', lanes) end
  local ahead
  if atFront then
    ahead = redis.call('ZCOUNT', lanes, '-inf', '(' .. priority)
  else
    ahead = redis.call('ZCOUNT', lanes, '-inf', priority)
  end
  for from = 1, #ids, 2000 do
    local scored = {}
    for i = from, math.min(from + 1999, #ids) do
      scored[#scored + 1] = priority
      scored[#scored + 1] = ids[i]
    end
    redis.call('ZADD', lanes, unpack(scored))
  end
  return ahead
end

local MOVE_COST = 8 -- moving one id costs about as much as walking past this many

local function insertIntoLane(list, priority, ids, atFront)
  if priority == 0 and not atFront then return pushAll('LPUSH', list, ids) end
  local ahead = jobsAhead(priority, ids, atFront)
  local length = redis.call('LLEN', list)
  if ahead <= 0 then return pushAll('RPUSH', list, reversed(ids)) end
  if ahead >= length then return pushAll('LPUSH', list, ids) end
  local behind = length - ahead
  local walk = behind * #ids
  if walk <= math.min(ahead, behind) * MOVE_COST then
    local pivot = redis.call('LINDEX', list, behind)
    for _, id in ipairs(ids) do
      redis.call('LINSERT', list, 'BEFORE', pivot, id)
      pivot = id
    end
  elseif ahead <= behind then
    local moved = redis.call('LRANGE', list, behind, -1)
    redis.call('LTRIM', list, 0, behind - 1)
    pushAll('RPUSH', list, reversed(ids))
    pushAll('RPUSH', list, moved)
  else
    local moved = redis.call('LRANGE', list, 0, behind - 1)
    redis.call('LTRIM', list, behind, -1)
    pushAll('LPUSH', list, ids)
    pushAll('LPUSH', list, reversed(moved))
  end
end
`;

/**
 * Lua functions on top of {@link laneFunctions}: many jobs with one insert per lane.
 *
 * - `gather(id, priority)`: marks a job to be put at the end of its lane.
 * - `insertGathered()`: inserts them all, in the order in which they were gathered.
 */
export const gatherFunctions = `
local gathered, gatheredLanes = {}, {}

local function gather(id, priority)
  if not gathered[priority] then
    gathered[priority] = {}
    gatheredLanes[#gatheredLanes + 1] = priority
  end
  table.insert(gathered[priority], id)
end

local function insertGathered()
  for _, priority in ipairs(gatheredLanes) do insertIntoLane(waitingList(), priority, gathered[priority], false) end
end
`;

/**
 * Lua function `delayUntil(id, at, counter)`: puts a job into the delayed set so that jobs due in the same millisecond
 * keep the order of their counters (from the key `id`), as in Bull, and notifies the workers.
 */
export const delayFunctions = `
local function delayUntil(id, at, counter)
  redis.call('ZADD', base .. 'delayed', string.format('%.0f', at * 0x1000 + bit.band(counter, 0xfff)), id)
  redis.call('PUBLISH', base .. 'delayed', string.format('%.0f', at))
end
`;
