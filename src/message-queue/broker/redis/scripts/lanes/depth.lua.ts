/**
 * Lua functions within `laneFunctions`: how many jobs wait.
 *
 * - `waitingInLanes()`: in lanes other than Bull's list, as text.
 * - `heldJobs()`: held by the groups that they belong to.
 * - `waitingDepth()`: all that wait, or are paused.
 */
export const depthFunctions = `
local function waitingInLanes()
  local count = redis.pcall('GET', countKey)
  return type(count) == 'string' and count or '0'
end

local function heldJobs()
  local count = redis.pcall('GET', base .. 'mq:held')
  return type(count) == 'string' and tonumber(count) or 0
end

local function waitingDepth()
  return redis.call('LLEN', waitKey) + redis.call('LLEN', pausedKey) + (tonumber(waitingInLanes()) or 0) + heldJobs()
end
`;
