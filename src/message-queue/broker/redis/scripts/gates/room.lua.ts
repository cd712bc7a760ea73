/**
 * Lua functions after `placeFunctions`: whether a group has a slot free, and for whom.
 *
 * - `sizeOf(name)`: how many jobs it knows; kept within a call that only lets jobs in.
 * - `hasRoom(name, slots)`: whether a job that comes now gets a slot.
 * - `nextHeld(name)`: how many slots are free, and the first ones held, `{ id, place }`: one more than there are slots for.
 */
export const roomFunctions = `
local MOST_ADMITTED = 1000

local function sizeOf(name)
  gateState.sizes[name] = gateState.sizes[name] or redis.call('ZCARD', groupKey(name))
  return gateState.sizes[name]
end

local function hasRoom(name, slots)
  local group, isTenant = groupKey(name), string.sub(name, 1, 1) == 't'
  local size = gateState.sizes[name] or not isTenant and redis.call('ZCARD', group)
  if size and size < slots then return true end
  if not isTenant or slots <= 0 then return false end
  return redis.call('ZCOUNT', group, '-inf', '(0') < slots and redis.call('ZCOUNT', group, '(0', '(+inf') == 0
end

-- Those that hold a slot have the lowest scores, then come those that are held.
local function nextHeld(name)
  local slots = slotsOf(name)
  if slots <= 0 then return 0, {} end
  local most = math.min(slots, MOST_ADMITTED)
  local members = redis.pcall('ZRANGE', groupKey(name), 0, most, 'WITHSCORES')
  local free, held = most, {}
  for i = 2, #members, 2 do
    local score = members[i] == 'inf' and math.huge or tonumber(members[i])
    if members[i] == '-inf' or score < 0 then
      free = free - 1
    elseif score < math.huge then
      held[#held + 1] = { id = members[i - 1], place = score }
    end
  end
  if slots > most and free == 0 then
    local running = redis.call('ZCOUNT', groupKey(name), '-inf', '(0')
    local found = redis.call('ZRANGEBYSCORE', groupKey(name), '(0', '(+inf', 'WITHSCORES', 'LIMIT', 0, most)
    for i = 2, #found, 2 do held[#held + 1] = { id = found[i - 1], place = tonumber(found[i]) } end
    free = math.min(most, slots - running)
  end
  return free, held
end
`;
