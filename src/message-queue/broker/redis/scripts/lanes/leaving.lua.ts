/**
 * Lua functions within `laneFunctions`: jobs that leave the lane that they wait in, wherever that is.
 *
 * - `rateLevels()`: lanes of jobs that wait for the rate of their name (`rate-lanes.lua.ts`), as their levels.
 * - `removeWaiting(id)`: takes a job out of its lane. Returns how many there were, 1 or 0.
 */
export const leavingFunctions = `
local function rateLevels()
  local found = {}
  for _, level in ipairs(redis.call('ZRANGE', lanesKey, 0, -1)) do
    if string.sub(level, 1, 5) == 'rate:' then found[#found + 1] = level end
  end
  return found
end

local function removeFromLane(id, level)
  local key = laneKey(level)
  local removed = redis.call('LREM', key, 0, id)
  if removed > 0 then leftLane({ key = key, level = tostring(level) }, removed) end
  return removed
end

local function removeWaiting(id)
  local level = levelOf(fieldOf(id, 'priority'))
  local removed = removeFromLane(id, level)
  if removed == 0 then removed = redis.call('LREM', waitKey, 0, id) end
  if removed == 0 then removed = redis.call('LREM', pausedKey, 0, id) end
  -- Bull's retry() puts a job before or behind all, whatever its priority.
  if removed == 0 and level ~= 0 then removed = removeFromLane(id, 0) end
  if removed == 0 then removed = removeFromLane(id, LIFO) end
  if removed == 0 then
    for _, lane in ipairs(rateLevels()) do
      if removed == 0 then removed = removeFromLane(id, lane) end
    end
  end
  redis.call('ZREM', base .. 'priority', id)
  return removed
end
`;
