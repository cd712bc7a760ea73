import { goneFunctions } from './ending.lua.js';
import { hearingFunctions } from './hearing.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { lazily, luaScript } from './lua-script.js';

/**
 * Adds up to 100 ordinary jobs: generated ids, nothing asked for but a level. What may be said of a job beyond that is a
 * matter of `addJobsScript`.
 *
 * ARGV: 1 token · 2 jobs that may wait · 3 jobs that may wait with the reserve for critical ones · 4 the
 * options of all, as they are stored · 5 number of kinds · per kind name, the field `priority` (empty text: left out) and `1` when it is critical · per job the number of its kind, from 0,
 * id, data, timestamp (ms).
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
      ['gather', 'insertGathered', 'levelOf', 'DEFAULT_LEVEL', 'goneAmong'],
    ),
  ],
  body: `
local KIND, JOB = 3, 4
local token, limit, reserve = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local opts, firstKind = ARGV[4], 6
local firstJob = firstKind + tonumber(ARGV[5]) * KIND
local wait, paused, inLanes = base .. 'wait', base .. 'paused', base .. 'mq:waiting'
local depth = redis.call('LLEN', wait) + redis.call('ZCARD', base .. 'delayed')
local added, waiting, full = {}, {}, nil

-- One question for all that is rare: a pause, jobs that are not sorted in, other lanes, jobs that are gone, ids that exist.
local ids, keys = {}, { base .. 'meta-paused', base .. 'priority', paused, inLanes, base .. 'mq:gone' }
for at = firstJob, #ARGV, JOB do
  local id = ARGV[at + 1]
  ids[#ids + 1], keys[#keys + 1] = id, base .. id
end
local toDefaultLane, isRepeated, gone = true, false, {}
if redis.call('EXISTS', unpack(keys)) > 0 then
  depth = depth + redis.call('LLEN', paused) + (tonumber(redis.call('GET', inLanes)) or 0)
  toDefaultLane = redis.call('EXISTS', base .. 'meta-paused', base .. 'priority') == 0
  isRepeated = redis.call('EXISTS', unpack(keys, 6)) > 0
  if redis.call('EXISTS', base .. 'mq:gone') == 1 then gone = rare().goneAmong(ids) end
end

local function store(kind, id, data, timestamp)
  local priority = ARGV[kind + 1]
  if priority == '' then
    redis.call('HSET', base .. id, 'name', ARGV[kind], 'data', data, 'opts', opts, 'timestamp', timestamp)
  else
    redis.call('HSET', base .. id, 'name', ARGV[kind], 'data', data, 'opts', opts, 'timestamp', timestamp, 'priority', priority)
  end
  if toDefaultLane and priority == '' then
    waiting[#waiting + 1] = id
  else
    rare().gather(id, priority == '' and rare().DEFAULT_LEVEL or rare().levelOf(priority))
  end
  added[#added + 1] = id
  depth = depth + 1
end

for at = firstJob, #ARGV, JOB do
  local kind, id = firstKind + tonumber(ARGV[at]) * KIND, ARGV[at + 1]
  if not (gone[id] or isRepeated and redis.call('EXISTS', base .. id) > 0) then
    if depth < (ARGV[kind + 2] == '1' and reserve or limit) then
      store(kind, id, ARGV[at + 2], ARGV[at + 3])
    else
      full = full or {}
      full[(at - firstJob) / JOB + 1] = depth
    end
  end
end
if #waiting > 0 then redis.call('LPUSH', wait, unpack(waiting)) end
if #waiting < #added then rare().insertGathered() end
local channel = base .. 'waiting@' .. token
-- To ask costs as much as to publish twice.
if #added <= 2 or heard(channel) then
  for _, id in ipairs(added) do redis.call('PUBLISH', channel, id) end
end
if not full then return 1 end
for i = 1, (#ARGV - firstJob + 1) / JOB do full[i] = full[i] or -1 end
return full
`,
});
