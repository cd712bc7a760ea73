/** Held jobs that are looked at to count those of a level. */
const MOST_COUNTED = 10_000;

/**
 * Lua functions after `laneFunctions` and `heldFunctions`: what Bull's queue and job ask about waiting jobs, for all lanes.
 *
 * - `waitingRange(first, last, ascending)`: ids by position, the next one at 0, or backwards from the last one; a
 *   negative position counts from the end.
 * - `waitingAt(level)`: how many wait in a lane.
 * - `isJobWaiting(id)`: whether it stands in a lane.
 * - `cleanWaiting(limit, isRemovable, removed)`: takes up to `limit` jobs (0: all) that `isRemovable(id)` out of their lanes, the next one
 *   first, and adds them to the list `removed`.
 */
export const lookAtLanesFunctions = `
local function waitingRange(first, last, ascending)
  -- Who may only read, or Redis, if it takes no writes now: those of plain Bull are shown where they stand.
  local isSorted, lanes = pcall(lanesInUse)
  if not isSorted then lanes = lanesAsTheyStand() end
  local total = 0
  for _, lane in ipairs(lanes) do
    lane.length = redis.call('LLEN', lane.key)
    total = total + lane.length
  end
  total = total + heldJobs()
  if first < 0 then first = math.max(0, total + first) end
  if last < 0 then last = total + last end
  last = math.min(last, total - 1)
  if not ascending then first, last = total - 1 - last, total - 1 - first end
  local ids, before = {}, 0
  for _, lane in ipairs(lanes) do
    local from, to = math.max(first - before, 0), math.min(last - before, lane.length - 1)
    if from <= to then
      for _, id in ipairs(reversed(redis.call('LRANGE', lane.key, -(to + 1), -(from + 1)))) do ids[#ids + 1] = id end
    end
    before = before + lane.length
  end
  if last >= before then
    local from = math.max(first - before, 0)
    for _, id in ipairs(heldRange(from, last - before - from + 1)) do ids[#ids + 1] = id end
  end
  if ascending then return ids end
  return reversed(ids)
end

local function heldAt(level)
  local count = 0
  for _, id in ipairs(heldRange(0, math.min(heldJobs(), ${MOST_COUNTED}))) do
    if levelOf(fieldOf(id, 'priority')) == level then count = count + 1 end
  end
  return count
end

local function ratedAt(level)
  local count = 0
  for _, lane in ipairs(rateLevels()) do
    if tonumber(string.match(lane, '([^:]*)$')) == level then count = count + redis.call('LLEN', laneKey(lane)) end
  end
  return count
end

local function waitingAt(level)
  local waiting = redis.call('LLEN', laneKey(level)) + heldAt(level) + ratedAt(level)
  if level == 0 then return waiting + redis.call('LLEN', laneKey(LIFO)) end
  if level == DEFAULT_LEVEL then waiting = waiting + redis.call('LLEN', defaultLane()) end
  return waiting
end

local function isJobWaiting(id)
  local level = levelOf(fieldOf(id, 'priority'))
  for _, key in ipairs({ laneKey(level), defaultLane(), laneKey(0), laneKey(LIFO) }) do
    if redis.call('LPOS', key, id) then return true end
  end
  for _, lane in ipairs(rateLevels()) do
    if redis.call('LPOS', laneKey(lane), id) then return true end
  end
  return false
end

local function cleanLane(lane, limit, isRemovable, removed)
  local length, seen, before = redis.call('LLEN', lane.key), 0, #removed
  while seen < length and (limit == 0 or #removed < limit) do
    local ids = redis.call('LRANGE', lane.key, -(seen + 1000), -(seen + 1))
    for i = #ids, 1, -1 do
      if limit > 0 and #removed >= limit then break end
      if isRemovable(ids[i]) then
        -- No id is empty: what is marked so goes at the end, in one walk.
        redis.call('LSET', lane.key, -(seen + #ids - i + 1), '')
        removed[#removed + 1] = ids[i]
      end
    end
    seen = seen + #ids
  end
  if #removed == before then return end
  redis.call('LREM', lane.key, 0, '')
  leftLane(lane, #removed - before)
end

local function cleanWaiting(limit, isRemovable, removed)
  for _, lane in ipairs(lanesInUse()) do cleanLane(lane, limit, isRemovable, removed) end
end
`;
