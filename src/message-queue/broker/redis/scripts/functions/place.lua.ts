/**
 * Lua function `idsAt(command, key, first, last)`: ids at positions of a list (`LRANGE`) or a sorted set (`ZREVRANGE`) behind the base key;
 * none where something else stands there. Behind those of `wait` come those of `paused`: the one list is renamed to the other when its
 * queue is paused or resumed, and whoever looked at one after the other could find neither.
 */
export const placeFunctions = `
local function idsAt(command, key, first, last)
  local ids = redis.pcall(command, base .. key, first, last)
  if ids.err then ids = {} end
  if key ~= 'wait' or #ids > last - first then return ids end
  local before = redis.pcall('LLEN', base .. key)
  if type(before) ~= 'number' then before = 0 end
  local others = redis.pcall(command, base .. 'paused', math.max(0, first - before), last - before)
  for _, id in ipairs(others) do ids[#ids + 1] = id end
  return ids
end
`;
