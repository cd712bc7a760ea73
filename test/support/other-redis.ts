/**
 * Lets a script meet a Redis that answers some calls otherwise: a mistake in what the script asks for, whatever its lines look like.
 * @param answer Lua code that returns these answers; it sees the `command`, its `key`, its other `args`, and calls `real.call`
 * @returns the script
 */
export function withOtherRedis(lua: string, answer: string): string {
  return `local real = redis
local redis = setmetatable({ call = function(command, key, ...)
  local args = { ... }
  ${answer}
  return real.call(command, key, ...)
end }, { __index = real })
${lua}`;
}
