/** In `mq:wake`, of a group that has waited long enough while its batch runs: no time, since nobody need wake it. */
const DUE = '1';

/** Bound, of ZRANGEBYSCORE, before the times in `mq:wake`. */
export const BEFORE_WAKES = `(${DUE}`;

/**
 * Lua functions within the gates: groups whose jobs are collected for one run of their handler, `b:<job>[:<key>]`. The first job of an idle group opens a
 * window, in `mq:wake` by when it closes; it closes before that when there are as many as a run may have. Then the first job goes on to its
 * lane, and takes others along when it is taken. While any of a batch is left, no other begins: each that ends is freed, and with the last
 * one the next window opens. One that crashed twice runs alone, so that it takes no others with it.
 *
 * - `batchOf(name)`: how the jobs of a group are collected, `{ size, waitMs }`; nil where they are not.
 * - `collect(name, isDue)`: looks whether a batch may go on, and opens a window if it must wait. `isDue`: it has waited long enough.
 * - `collectJob(job)`: it is due. `recollect(job)`: it was taken and did not run.
 * - `heldIn(name, skipped, count)`: ids of jobs that are held, by place.
 * - `letAlong(name, id, tenant)`: it runs together with the one that was taken. The tenant of that one was asked, and no other is.
 * - `dropHeld(name, id)`: there is no such job.
 */
export const batchFunctions = `
local ALONE, DUE = 2, '${DUE}'

local function batchOf(name)
  local job = name and string.match(name, '^b:([^:]*)')
  if not job then return nil end
  local flow = policy().jobs and policy().jobs[job]
  return { size = flow and flow.size or 1, waitMs = flow and flow.waitMs or 0 }
end

local function openWindow(name, waitMs)
  local at = asText(serverNow(0) + waitMs)
  redis.call('ZADD', base .. 'mq:wake', at, 'g:' .. name)
  gateState.mayWake = true
  redis.pcall('PUBLISH', base .. 'delayed', at)
end

local function runsAlone(id)
  local crashes = redis.call('HGET', base .. id, 'mqCrashes')
  return crashes and select(2, string.gsub(crashes, '"kind"', '')) >= ALONE
end

local function collect(name, isDue)
  local batch, group, wake = batchOf(name), groupKey(name), base .. 'mq:wake'
  gateState.sizes[name] = nil
  if redis.call('ZCOUNT', group, '-inf', '(0') > 0 then
    if isDue then redis.call('ZADD', wake, DUE, 'g:' .. name) end
    return
  end
  local closesAt = redis.call('ZSCORE', wake, 'g:' .. name)
  local setting = settingOf(name)
  local isClosed = setting.paused or setting.slots == 0
  for _ = 1, MOST_ADMITTED do
    local first = redis.call('ZRANGEBYSCORE', group, '(0', '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    local mayGo = first[1] and not isClosed
      and (isDue or closesAt == DUE or redis.call('ZCOUNT', group, '(0', '(+inf') >= batch.size or runsAlone(first[1]))
    if first[1] and not (mayGo or isClosed) then
      if not closesAt then openWindow(name, batch.waitMs) end
      return
    end
    if closesAt then redis.call('ZREM', wake, 'g:' .. name) end
    closesAt = closesAt and false
    if not mayGo then return forgetIfIdle(name) end
    if admitOne(name, first[1], tonumber(first[2])) then return forgetIfIdle(name) end
  end
end

local function collectJob(job, place)
  local score = scoreOf(job.group, job.id)
  if not isHeld(score) then
    hold(job.group, job.id, place or newPlace(job.group, job.priority))
    gateState.held = gateState.held + 1
  end
  if job.tenant then put('t:' .. job.tenant, job.id, math.huge) end
  collect(job.group, place ~= nil)
end

local function recollect(job)
  local score = scoreOf(job.group, job.id)
  collectJob(job, score and score < 0 and -score or newPlace(job.group, job.priority))
end

local function heldIn(name, skipped, count)
  return redis.call('ZRANGEBYSCORE', groupKey(name), '(0', '(+inf', 'LIMIT', skipped, count)
end

local function letAlong(name, id, tenant)
  redis.call('ZADD', groupKey(name), asText(-scoreOf(name, id)), id)
  gateState.held = gateState.held - 1
  if tenant then redis.call('ZREM', groupKey('t:' .. tenant), id) end
end

local function dropHeld(name, id)
  redis.call('ZREM', groupKey(name), id)
  gateState.held = gateState.held - 1
end
`;
