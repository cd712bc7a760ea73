/**
 * Lua function `heard(channel)`: whether anybody listens, asked once per call and channel, so that nothing is published,
 * and no event's text built, that nobody hears. When that is not known the answer is yes: on a Cluster a listener may be connected to another
 * node (its base keys have a hash tag), and a server may not let scripts ask.
 */
export const hearingFunctions = `
local hearing, heardAll = {}, nil

local function heard(channel)
  if heardAll == nil then
    local patterns = not string.find(base, '{', 1, true) and redis.pcall('PUBSUB', 'NUMPAT')
    heardAll = type(patterns) ~= 'number' or patterns > 0
  end
  if heardAll then return true end
  if hearing[channel] == nil then
    local listeners = redis.pcall('PUBSUB', 'NUMSUB', channel)
    hearing[channel] = listeners.err ~= nil or tonumber(listeners[2]) > 0
  end
  return hearing[channel]
end
`;
