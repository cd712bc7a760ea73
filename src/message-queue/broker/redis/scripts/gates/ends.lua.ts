/**
 * Lua functions within the gates, after `free` and `admit`: a job ends, or is removed, and whoever waits behind it is let in. What each does is said in
 * `gates.lua.ts`.
 */
export const endFunctions = `
local function unpark(job)
  local parked = job.group and redis.pcall('HGET', parkedKey, job.group)
  if type(parked) == 'string' and string.match(parked, '^(.*) %d+$') == job.id then redis.call('HDEL', parkedKey, job.group) end
end

local function ended(job)
  if job.group then free(job.group, job.id) end
  if job.tenant then free('t:' .. job.tenant, job.id) end
end

-- It ran: a tenant that shares turns got its slot back when it started.
local function completed(job)
  if job.group then free(job.group, job.id) end
  if job.tenant and not isFreedAtStart('t:' .. job.tenant) then free('t:' .. job.tenant, job.id) end
end

local function park(job, now)
  local key = policy().key
  if not (job.group and key and key.park and isOrdered(job.group)) then
    ended(job)
    return false
  end
  redis.call('HSET', parkedKey, job.group, job.id .. ' ' .. now)
  if job.tenant then free('t:' .. job.tenant, job.id) end
  return true
end

local function leave(id, wasDelayed)
  local job = gatedJob(id)
  if not job then return false end
  unpark(job)
  local wasHeld = false
  local function quit(name)
    local score = scoreOf(name, id)
    if not score then return end
    redis.call('ZREM', groupKey(name), id)
    if isHeld(score) then
      if not wasDelayed then
        gateState.held = gateState.held - 1
        wasHeld = true
      end
      if batchOf(name) then collect(name) else forgetIfIdle(name) end
    elseif score < 0 then
      admit(name, true)
    end
  end
  if job.group then quit(job.group) end
  if job.tenant then quit('t:' .. job.tenant) end
  return wasHeld
end
`;
