/**
 * Lua functions after `laneFunctions` and `gates`: jobs that groups hold, for whoever looks at waiting jobs or removes them. Groups come in the order
 * in which they began to hold, the jobs of one by their places.
 *
 * - `heldRange(first, count)`: ids by position, from 0. Costs a look at each group before them.
 * - `heldToRemove(count)`: ids in an order in which the removal of one never lets in another that is to go.
 * - `isHeldJob(id)`: whether a group holds it.
 * - `leaveGroups(id, wasDelayed)`: frees the slots of a job that is about to be removed, in whatever state, and forgets when it must have started.
 *   Returns whether it was held.
 * - `takeOut(id)`: takes a job out of where it waits, in a lane, held or delayed. Returns whether it did.
 * - `letDue(id)`: a job that was delayed waits now; `letRetry(id)`, one whose run failed; `letReplay(id)`, one that had ended. Each returns false for a
 *   job without groups, which it leaves to the caller.
 * - `endGates()`: the end of whatever calls one of these.
 */
export const heldFunctions = `
-- Where delayed jobs have their places, they stand among those that are held.
local function heldIn(name, skip, count)
  local group = base .. 'mq:g:' .. name
  if not gates().holdsDelayed(name) then
    if skip < 0 then return {}, redis.call('ZCOUNT', group, '(0', '(+inf') end
    return redis.call('ZRANGEBYSCORE', group, '(0', '(+inf', 'LIMIT', skip, count)
  end
  local ids, held = {}, 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', group, '(0', '(+inf')) do
    if not gates().isDelayed(name, id) then
      held = held + 1
      if skip >= 0 and held > skip and #ids < count then ids[#ids + 1] = id end
    end
  end
  return ids, held
end

local function heldRange(first, count)
  local ids, seen, from = {}, 0, 0
  while #ids < count do
    local names = redis.call('ZRANGE', base .. 'mq:groups', from, from + 99)
    for _, name in ipairs(names) do
      local _, held = heldIn(name, -1, 0)
      if #ids < count and seen + held > first then
        for _, id in ipairs(heldIn(name, math.max(0, first - seen), count - #ids)) do ids[#ids + 1] = id end
      end
      seen = seen + held
    end
    if #names < 100 then break end
    from = from + 100
  end
  return ids
end

local function heldToRemove(count)
  local names, ids = redis.call('ZRANGE', base .. 'mq:groups', 0, 9999), {}
  local function add(areTenants)
    for _, name in ipairs(names) do
      if #ids < count and (string.sub(name, 1, 2) == 't:') == areTenants then
        for _, id in ipairs(heldIn(name, 0, count - #ids)) do
          -- Of one that somebody deleted nothing says any more which group it is to leave.
          if redis.call('EXISTS', base .. id) == 1 then
            ids[#ids + 1] = id
          else
            gates().dropHeld(name, id)
            gates().forgetIfIdle(name)
          end
        end
      end
    end
  end
  add(false)
  if #names < 10000 or #ids == 0 then add(true) end
  return ids
end

local function hasGroups(id)
  local stored = redis.pcall('HMGET', base .. id, 'mqGroup', 'mqTenant')
  return not stored.err and (stored[1] or stored[2]) and true or false
end

local function isHeldJob(id)
  local job = hasGroups(id) and gates().gatedJob(id)
  return job and (gates().isHeldBy(job.group, id) or gates().isHeldBy(job.tenant and 't:' .. job.tenant, id)) or false
end

local function leaveGroups(id, wasDelayed)
  redis.pcall('ZREM', base .. 'mq:expires', id)
  redis.pcall('ZREM', base .. 'mq:expired', id)
  return hasGroups(id) and gates().leave(id, wasDelayed)
end

local function takeOut(id)
  local wasDelayed = redis.call('ZREM', base .. 'delayed', id) == 1
  local wasWaiting = not wasDelayed and removeWaiting(id) > 0
  local wasHeld = leaveGroups(id, wasDelayed)
  return wasDelayed or wasWaiting or wasHeld
end

local function letDue(id)
  if not hasGroups(id) then return false end
  gates().enter(gates().gatedJob(id))
  return true
end

local function letRetry(id)
  if not hasGroups(id) then return false end
  gates().suspend(gates().gatedJob(id))
  return letDue(id)
end

local function letReplay(id)
  if not hasGroups(id) then return false end
  gates().unpark(gates().gatedJob(id))
  return letDue(id)
end

local function endGates()
  if loaded_gates then gates().insertAdmitted() else insertGathered() end
end
`;
