import { goneFunctions } from './ending.lua.js';
import { hearingFunctions } from './functions/hearing.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { lazily, luaScript } from './lua-script.js';

/**
 * Adds up to 100 ordinary jobs: generated ids, nothing asked for but a level. What may be said of a job beyond that is a
 * matter of `addJobsScript`.
 *
 * ARGV: 1 token · 2 the options of all, as they are stored · 3 per job the number of its kind, from `00`, and its id, all ids of
 * one length, in one text: Redis and its client spend more on an argument than on its characters · 4 number of kinds · per
 * kind name, the field `priority` (empty text: left out), jobs that may wait, timestamp (ms) · per job data.
 * Reply: 1 when all were added, or per job −1 when it was, else how many jobs waited: the queue was full.
 *
 * A generated id that exists, or that finished moments ago and was removed (`mq:gone:`), is the same call sent again,
 * which the client does by itself when a connection is lost. One command asks for a whole call: it is sent again as a whole.
 */
export const addOrdinaryScript = luaScript('mqAddOrdinary', {
  uses: [
    hearingFunctions,
    lazily(
      'rare',
      [laneFunctions, goneFunctions],
      ['checkLane', 'gather', 'insertGathered', 'levelOf', 'DEFAULT_LEVEL', 'goneAmong'],
    ),
  ],
  body: `
local KIND, NUMBER, NAMES = 4, 2, 6
local token, opts, jobs, firstKind = ARGV[1], ARGV[2], ARGV[3], 5
local beforeData = firstKind + tonumber(ARGV[4]) * KIND - 1
local count = #ARGV - beforeData
local width = #jobs / count
local wait, paused, inLanes = base .. 'wait', base .. 'paused', base .. 'mq:waiting'
local depth = redis.call('LLEN', wait) + redis.call('ZCARD', base .. 'delayed')
local added, waiting, full = {}, {}, nil

-- One question for all that is rare: a pause, jobs that are not sorted in, other lanes, jobs that are gone, ids that exist.
local ids, keys = {}, { base .. 'meta-paused', base .. 'priority', paused, inLanes, base .. 'mq:gone', base .. 'mq:held' }
for job = 1, count do
  local id = string.sub(jobs, (job - 1) * width + NUMBER + 1, job * width)
  ids[job], keys[NAMES + job] = id, base .. id
end
local toDefaultLane, isRepeated, gone = true, false, {}
if redis.call('EXISTS', unpack(keys)) > 0 then
  depth = depth + redis.call('LLEN', paused) + (tonumber(redis.call('GET', inLanes)) or 0) + (tonumber(redis.call('GET', keys[NAMES])) or 0)
  toDefaultLane = redis.call('EXISTS', base .. 'meta-paused', base .. 'priority') == 0
  isRepeated = redis.call('EXISTS', unpack(keys, NAMES + 1)) > 0
  if redis.call('EXISTS', base .. 'mq:gone') == 1 then gone = rare().goneAmong(ids) end
end

local function laneOf(kind)
  local priority = ARGV[kind + 1]
  return priority == '' and rare().DEFAULT_LEVEL or rare().levelOf(priority)
end

-- Before anything is stored: Redis takes nothing back of a script that ends with an error.
for kind = firstKind, beforeData, KIND do
  if not toDefaultLane or ARGV[kind + 1] ~= '' then rare().checkLane(laneOf(kind)) end
end

local function store(job, id, kind)
  local key, data, priority = keys[NAMES + job], ARGV[beforeData + job], ARGV[kind + 1]
  if priority == '' then
    redis.call('HSET', key, 'name', ARGV[kind], 'data', data, 'opts', opts, 'timestamp', ARGV[kind + 3])
  else
    redis.call('HSET', key, 'name', ARGV[kind], 'data', data, 'opts', opts, 'timestamp', ARGV[kind + 3], 'priority', priority)
  end
  if toDefaultLane and priority == '' then
    waiting[#waiting + 1] = id
  else
    rare().gather(id, laneOf(kind))
  end
  added[#added + 1] = id
  depth = depth + 1
end

for job, id in ipairs(ids) do
  if not (gone[id] or isRepeated and redis.call('EXISTS', keys[NAMES + job]) > 0) then
    local number = (job - 1) * width
    local kind = firstKind + tonumber(string.sub(jobs, number + 1, number + NUMBER)) * KIND
    if depth < tonumber(ARGV[kind + 2]) then
      store(job, id, kind)
    else
      full = full or {}
      full[job] = depth
    end
  end
end
if #waiting > 0 then redis.call('LPUSH', wait, unpack(waiting)) end
if #waiting < #added then rare().insertGathered() end
local channel = base .. 'waiting@' .. token
-- To ask costs as much as to publish twice.
if #added <= 2 or heard(channel) then
  for _, id in ipairs(added) do redis.pcall('PUBLISH', channel, id) end
end
if not full then return 1 end
for job = 1, count do full[job] = full[job] or -1 end
return full
`,
});
