/**
 * Lets a script meet a Redis that answers some calls otherwise: a mistake in what the script asks for, whatever its lines look like.
 * @param answer Lua code that returns these answers, to `redis.call` and `redis.pcall` alike; it sees the `command`, its `key`, its other
 * `args`, and calls `real.call`
 * @returns the script
 */
export function withOtherRedis(lua: string, answer: string): string {
  return `local real = redis
local function otherwise(call)
  return function(command, key, ...)
    local args = { ... }
    ${answer}
    return call(command, key, ...)
  end
end
local redis = setmetatable({ call = otherwise(real.call), pcall = otherwise(real.pcall) }, { __index = real })
${lua}`;
}
