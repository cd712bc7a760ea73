import { timeFunctions } from '../functions/server-time.lua.js';
import { lazily } from '../lua-script.js';
import { rateGates } from './rate-lanes.lua.js';
import { batchFunctions } from './batches.lua.js';
import { endFunctions } from './ends.lua.js';
import { placeFunctions } from './places.lua.js';
import { roomFunctions } from './room.lua.js';
import { slotFunctions } from './slots.lua.js';

/**
 * Lua functions after `laneFunctions` and `timeFunctions`: the gates that a job goes through before it stands in a lane. It starts only
 * while it holds a slot of each of its groups; who has none is held by the group, in order. First that of its key (or its batch),
 * then that of its tenant, then the lane.
 *
 * A group is one zset, `mq:g:<name>`: member = id, |score| = its place, **score < 0: admitted, > 0: held**. The place of a job is a number
 * of the counter `mq:place`, behind that of its level where jobs are not strictly in order. It is taken once, so a job that is put back
 * never loses it. In the zset of a tenant stand all its jobs that have not started: those that are not at this gate yet (delayed, or held
 * by their key) at `+inf`; and those that run, where slots are freed at the end, at `-inf`.
 * `mq:held` counts jobs that are held; `mq:groups` has the groups that hold any, by when they began to (ms); `mq:parked` the dead letter
 * that parks a key: name → `<id> <since>`.
 *
 * A job is a table `{ id, priority, group, tenant }`, read by `gatedJob(id)`; nil without groups. Whatever calls one of these ends with
 * `insertAdmitted()`, which returns whether any came into a lane.
 *
 * - `enter(job, isNew)`: it is due: added, promoted, replayed. Returns whether it stands in a lane now.
 * - `expect(job, isRun)`: it is not due yet. The next run of a schedule never keeps a place: its key would stand still until then.
 * - `back(job)`: it was taken, and goes to the front of its lane: its key's slot is kept, its tenant is not asked.
 * - `suspend(job)`: its run ended and it runs again later: with one slot it keeps its place.
 * - `started(job)`: it was taken.
 * - `ended(job)`: it left for good, and its slots are free. `unpark(job)`: its key stands still for it no longer.
 * - `completed(job)`: its run completed it.
 * - `park(job, now)`: the same of a dead letter, which keeps the slot of its key where that stands still. Returns whether it does.
 * - `leave(id, wasDelayed)`: it is removed before it ran. Returns whether it was held.
 * - `putBack(job, name)`: it stood in a lane, and the group must wait: back to its place.
 * - `admit(name)`: lets those in that there are slots for.
 * - `isCrowded(tenant, limit)`: how many of its jobs have not started, when they are so many; else false.
 * - `sizeOf(name)`: raises an error where something else stands, before a job is stored. `reservePlaces(count)`: so many jobs enter.
 */
const gateFunctions = `${slotFunctions}${placeFunctions}${roomFunctions}local function ask(name, job, isNew)
  local score = not isNew and scoreOf(name, job.id) or nil
  if score and score < 0 then return true end
  if not isHeld(score) then
    local place = newPlace(name, job.priority)
    if hasRoom(name, slotsOf(name)) then
      put(name, job.id, -place)
      return true
    end
    hold(name, job.id, place)
  end
  gateState.held = gateState.held + 1
  return false
end

local function toLane(job, isFirst)
  local level = job.tenant and DEFAULT_LEVEL or levelOf(job.priority)
  if isFirst then letWaitFirst({ job.id }, level) else gather(job.id, level) end
end

local function expect(job, isRun)
  if job.tenant then put('t:' .. job.tenant, job.id, math.huge) end
  if isRun or not (job.group and policy().key and policy().key.hold and isOrdered(job.group)) or scoreOf(job.group, job.id) then return end
  local place = newPlace(job.group, job.priority)
  if hasRoom(job.group, slotsOf(job.group)) then place = -place end
  hold(job.group, job.id, place)
  forgetIfIdle(job.group)
end

local function pastKey(job, isNew)
  if job.tenant and not ask('t:' .. job.tenant, job, isNew) then return false end
  toLane(job)
  return true
end

local function admitOne(name, id, place)
  local job, waits = gatedJob(id), not isDelayed(name, id)
  if waits then gateState.held = gateState.held - 1 end
  if not (job and job.isThere) then
    redis.call('ZREM', groupKey(name), id)
    return false
  end
  redis.call('ZADD', groupKey(name), asText(-place), id)
  if waits then
    if string.sub(name, 1, 1) == 't' then toLane(job) else pastKey(job, true) end
  end
  return true
end

${batchFunctions}
local function enter(job, isNew)
  if batchOf(job.group) then return collectJob(job) end
  if not job.group or ask(job.group, job, isNew) then return pastKey(job, isNew) end
  if job.tenant then put('t:' .. job.tenant, job.id, math.huge) end
  return false
end

local function admit(name, isDue)
  if batchOf(name) then return collect(name, isDue) end
  for _ = 1, MOST_ADMITTED do
    local free, held = nextHeld(name)
    local arePhantoms = false
    for i = 1, math.min(free, #held) do
      if not admitOne(name, held[i].id, held[i].place) then arePhantoms = true end
    end
    if not arePhantoms then
      if #held > 0 and #held <= free then forgetIfIdle(name) end
      return
    end
  end
end

local function free(name, id)
  gateState.sizes[name] = nil
  if redis.pcall('ZREM', groupKey(name), id) == 1 then admit(name) end
end

local function back(job)
  if batchOf(job.group) then return recollect(job) end
  if job.group and not ask(job.group, job) then
    if job.tenant then redis.call('ZADD', groupKey('t:' .. job.tenant), '+inf', job.id) end
    return
  end
  if job.tenant then redis.call('ZADD', groupKey('t:' .. job.tenant), -1, job.id) end
  toLane(job, true)
end

local function suspend(job)
  if job.group and not isOrdered(job.group) then free(job.group, job.id) end
  if not job.tenant then return end
  redis.call('ZADD', groupKey('t:' .. job.tenant), '+inf', job.id)
  admit('t:' .. job.tenant)
end

local function started(job)
  if not job.tenant then return end
  local name = 't:' .. job.tenant
  if isFreedAtStart(name) then free(name, job.id) else redis.call('ZADD', groupKey(name), '-inf', job.id) end
end

${endFunctions}
local function putBack(job, name)
  local score = scoreOf(name, job.id)
  local place = score and math.abs(score) < math.huge and math.abs(score) or newPlace(name, job.priority)
  hold(name, job.id, place)
  gateState.held = gateState.held + 1
  if not job.tenant or name == 't:' .. job.tenant then return end
  redis.call('ZADD', groupKey('t:' .. job.tenant), '+inf', job.id)
  admit('t:' .. job.tenant)
end

local function isCrowded(tenant, limit)
  if sizeOf('t:' .. tenant) < limit then return false end
  local waiting = redis.call('ZCOUNT', groupKey('t:' .. tenant), '(-inf', '+inf')
  return waiting >= limit and waiting
end

local function insertAdmitted()
  local wereAdmitted, held = hasGathered(), gateState.held
  insertGathered()
  if held ~= 0 then
    gateState.held = 0
    if redis.call('INCRBY', heldKey, held) <= 0 then redis.call('DEL', heldKey) end
  end
  return wereAdmitted
end
`;

/** Names of the functions above that scripts call. */
export const GATE_FUNCTIONS = [
  ...[
    'gatedJob',
    'policy',
    'groupKey',
    'slotsOf',
    'enter',
    'expect',
    'back',
    'suspend',
    'started',
    'ended',
    'completed',
    'park',
    'leave',
  ],
  ...[
    'putBack',
    'admit',
    'isCrowded',
    'sizeOf',
    'reservePlaces',
    'unpark',
    'isHeldBy',
    'holdsDelayed',
    'isDelayed',
    'insertAdmitted',
    'keepPolicy',
    'rates',
    'batchOf',
    'heldIn',
    'letAlong',
    'dropHeld',
    'forgetIfIdle',
  ],
] as const;

/** Lua function `gates()`, after `laneFunctions`: the functions above, made when a job with a group is met. */
export const gates = lazily('gates', [timeFunctions, gateFunctions, rateGates], GATE_FUNCTIONS);

/** The same for scripts that make `laneFunctions` lazily too: to be put behind them. */
export const GATES = [timeFunctions, gateFunctions, rateGates] as const;
