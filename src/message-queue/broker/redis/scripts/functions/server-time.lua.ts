/**
 * Lua function `serverNow(otherwise)`: milliseconds since the epoch by the clock of the server that runs the script, or `otherwise`
 * where it keeps its time from scripts.
 */
export const timeFunctions = `
local function serverNow(otherwise)
  local time = redis.pcall('TIME')
  if time.err then return otherwise end
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;
