import { delayFunctions } from '../scripts/lanes/delay.lua.js';
import { gates } from '../scripts/gates/gates.lua.js';
import { heldFunctions } from '../scripts/gates/held.lua.js';
import { laneFunctions } from '../scripts/lanes/lane.lua.js';
import { argumentTable, luaScript } from '../scripts/lua-script.js';

/** Arguments of {@link changeScheduleScript}, in this order; empty text: there is none. */
export const SCHEDULE_FIELDS = [
  ...['token', 'key', 'record', 'member', 'nextAt', 'newRecord', 'newMember', 'newNextAt', 'dropped'],
  ...[
    'run',
    'name',
    'data',
    'opts',
    'timestamp',
    'delay',
    'priority',
    'group',
    'tenant',
    'policy',
    'expires',
  ],
] as const;

/** Lua function `stateOfRun(id)`: `gone` (in no list, whatever is left of it), `delayed`, `waiting`, `active` or `finished`. */
const stateFunction = `
local function isWaiting(id)
  for _, lane in ipairs(lanesInUse()) do
    if redis.call('LPOS', lane.key, id) then return true end
  end
  return redis.call('LPOS', waitKey, id) or redis.call('LPOS', pausedKey, id) or isHeldJob(id)
end

local function stateOfRun(id)
  if redis.call('EXISTS', base .. id) == 0 then return 'gone' end
  if redis.call('ZSCORE', base .. 'delayed', id) then return 'delayed' end
  for _, ended in ipairs({ 'completed', 'failed', 'mq:expired' }) do
    if redis.call('ZSCORE', base .. ended, id) then return 'finished' end
  end
  if redis.call('LPOS', base .. 'active', id) then return 'active' end
  return isWaiting(id) and 'waiting' or 'gone'
end
`;

const CHANGE = `
local first = 1
local change = ${argumentTable(SCHEDULE_FIELDS)}
local records, members = base .. 'mq:schedules', base .. 'repeat'

local function isAsRead()
  if (redis.call('HGET', records, change.key) or '') ~= change.record then return false end
  local score = change.member ~= '' and redis.call('ZSCORE', members, change.member)
  return (score and tonumber(score) or -1) == (tonumber(change.nextAt) or -1)
end

local function drop(id)
  if not takeOut(id) then return end
  endGates()
  redis.call('DEL', base .. id, base .. id .. ':logs')
end

-- Under another name the run that is due would be there twice.
local function isTakenAlready()
  local isRenamed = change.dropped ~= '' and change.dropped ~= change.run
  return isRenamed and change.newNextAt == change.nextAt and stateOfRun(change.dropped) == 'active'
end

if not isAsRead() then return 'changed' end
local run = change.run
if run ~= '' and (stateOfRun(run) == 'finished' or isTakenAlready()) then return 'finished' end
if change.dropped ~= '' then drop(change.dropped) end
if change.member ~= '' and change.member ~= change.newMember then redis.call('ZREM', members, change.member) end
if change.newMember ~= '' then redis.call('ZADD', members, change.newNextAt, change.newMember) end
if change.newRecord == '' then
  redis.call('HDEL', records, change.key)
elseif change.newRecord ~= change.record then
  redis.call('HSET', records, change.key, change.newRecord)
end
if run == '' or stateOfRun(run) ~= 'gone' then return 'kept' end
redis.call('DEL', base .. run)
redis.call('HSET', base .. run, 'name', change.name, 'data', change.data, 'opts', change.opts,
  'timestamp', change.timestamp, 'delay', change.delay)
if change.priority ~= '' then redis.call('HSET', base .. run, 'priority', change.priority) end
if change.group ~= '' then redis.call('HSET', base .. run, 'mqGroup', change.group) end
if change.tenant ~= '' then redis.call('HSET', base .. run, 'mqTenant', change.tenant) end
if change.expires ~= '' then
  redis.call('HSET', base .. run, 'mqExpires', change.expires)
  mustStartBy(run, change.expires)
end
local job, delay = gates().gatedJob(run), tonumber(change.delay)
if job then gates().keepPolicy(change.policy) end
if delay > 0 then
  delayUntil(run, tonumber(change.timestamp) + delay, redis.call('INCR', base .. 'id'))
  if job then gates().expect(job, true) end
elseif job then
  gates().enter(job, true)
  redis.call('PUBLISH', base .. 'waiting@' .. change.token, run)
else
  letWait({ run }, change.priority == '' and DEFAULT_LEVEL or levelOf(change.priority))
  redis.call('PUBLISH', base .. 'waiting@' .. change.token, run)
end
endGates()
return 'added'
`;

const USES = [laneFunctions, gates, heldFunctions, delayFunctions, stateFunction];

/**
 * Changes a schedule: its record in `mq:schedules`, its place in Bull's `repeat`, and its pending run, in one step.
 *
 * ARGV: {@link SCHEDULE_FIELDS}; `record` and `nextAt` (of `member`) are what was read, `dropped` a run that goes unless it is being run.
 * Reply: `added` (its run), `kept` (there was nothing to add), `finished` (the run has been and ended, or has been taken; nothing changed), `changed` (so is
 * what was read; nothing changed).
 */
export const changeScheduleScript = luaScript('mqChangeSchedule', {
  allowOom: true,
  uses: USES,
  body: CHANGE,
});

/** As {@link changeScheduleScript}, for a schedule that is new: refused when Redis has no memory left. */
export const addScheduleScript = luaScript('mqAddSchedule', { uses: USES, body: CHANGE });

/** How runs stand. ARGV: their ids. Reply for each: what `stateOfRun` says. */
export const pendingRunsScript = luaScript('mqPendingRuns', {
  allowOom: true,
  uses: [laneFunctions, gates, heldFunctions, stateFunction],
  body: `
local states = {}
for i, id in ipairs(ARGV) do states[i] = stateOfRun(id) end
return states
`,
});

/** Everything that is stored of schedules. Reply: the fields and texts of their records, the members of Bull's `repeat` and their scores. */
export const readSchedulesScript = luaScript('mqReadSchedules', {
  allowOom: true,
  body: `
return { redis.call('HGETALL', base .. 'mq:schedules'), redis.call('ZRANGE', base .. 'repeat', 0, -1, 'WITHSCORES') }
`,
});
