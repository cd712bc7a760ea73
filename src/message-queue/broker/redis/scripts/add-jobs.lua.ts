import { goneFunctions } from './ending.lua.js';
import { hearingFunctions } from './functions/hearing.lua.js';
import { delayFunctions } from './lanes/delay.lua.js';
import { keyFunctions } from './functions/keys.lua.js';
import { gates } from './gates/gates.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { argumentTable, luaScript } from './lua-script.js';

/** Fields of one job in the arguments of {@link addJobsScript}, in this order. */
export const ADD_FIELDS = [
  'id',
  'name',
  'data',
  'opts',
  'timestamp',
  'delay',
  'priority',
  'lifo',
  'debounceId',
  'debounceTtl',
  'critical',
  'onceNames',
  'fingerprint',
  'onceTtl',
  'generated',
  'group',
  'tenant',
  'expires',
  'spooledAs',
] as const;

/** How long it is remembered what became of a job out of a spool: a day. */
const SPOOLED_MS = 24 * 60 * 60_000;

/**
 * Adds up to 100 jobs. For each, in one atomic step: mark of the spool, idempotency ledger, duplicate id, backpressure, debounce, add.
 *
 * ARGV: 1 token · 2 jobs that may wait · 3 jobs that may wait with the reserve for critical ones · 4 `1`: in order, so that none is added
 * behind one that is `full` · 5 idempotency keys to remember · 6 the queue's policy, as `mq:flow` keeps it · 7 jobs of one tenant that may wait · then the fields of {@link ADD_FIELDS} per job; empty text = not given, `1` = yes.
 * Reply per job: 1 when it was added, else `[status, id, depth?]` with status `added`, `duplicate` (the id exists), `once` (same key and
 * fingerprint as the job `id`, or sent before out of a spool), `conflict` (same key, other fingerprint, which is the third), `debounced`, `full` (depth = waiting
 * jobs), `crowded` (depth = those of the tenant), `faulty` (what it is debounced by is something else; third is what Redis says of it).
 * The names of an idempotency key are listed in one text: the first that the ledger knows counts, and a new entry stands under the first of all.
 * A generated id that finished moments ago and was removed (`mq:gone:`) is the same call sent twice: `added`.
 *
 * A job out of a spool may be sent again as long as the process that has it has not heard what became of it. Once that is settled, the key
 * `mq:spooled:<spooledAs>` says so for a day, whatever becomes of the job and of its idempotency key meanwhile; nothing frees it.
 *
 * A key of the queue that is of a wrong type ends the call before it stores anything: an id or an idempotency key that is remembered is
 * one whose job waits.
 */
export const addJobsScript = luaScript('mqAddJobs', {
  uses: [laneFunctions, delayFunctions, hearingFunctions, goneFunctions, keyFunctions, gates],
  body: `
local FIELDS = ${ADD_FIELDS.length}
local token, limit, reserve, inOrder = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local depth = waitingDepth() + redis.call('ZCARD', base .. 'delayed')
local replies, waiting, jobs, generated = {}, {}, {}, {}
local generatedKeys, onceKeys, ledger, newKeys = {}, {}, {}, {}
local marks, isMarked = {}, {}
local ONCE = base .. 'mq:once:'
for first = 8, #ARGV, FIELDS do
  local job = ${argumentTable(ADD_FIELDS)}
  jobs[#jobs + 1] = job
  if job.generated == '1' then
    generated[#generated + 1] = job.id
    generatedKeys[#generatedKeys + 1] = base .. job.id
  end
  if job.onceNames ~= '' then
    job.once = {}
    for name in string.gmatch(job.onceNames, '%S+') do
      job.once[#job.once + 1] = name
      onceKeys[#onceKeys + 1] = ONCE .. name
    end
  end
  if job.spooledAs ~= '' then
    job.mark = base .. 'mq:spooled:' .. job.spooledAs
    marks[#marks + 1] = job.mark
  end
end
local gone = goneAmong(generated)
-- One command for all: that one of them exists is rare.
local isRepeated = #generated > 0 and redis.call('EXISTS', unpack(generatedKeys)) > 0
for i, entry in ipairs(#onceKeys > 0 and redis.call('MGET', unpack(onceKeys)) or {}) do ledger[onceKeys[i]] = entry end
for i, mark in ipairs(#marks > 0 and redis.call('MGET', unpack(marks)) or {}) do isMarked[marks[i]] = mark and true end

local function remembered(job)
  if not job.once then return nil end
  for _, name in ipairs(job.once) do
    local entry = ledger[ONCE .. name]
    if entry then
      local fingerprint, id = string.match(entry, '^(%S*) (.*)$')
      if fingerprint == job.fingerprint then return { 'once', id } end
      return { 'conflict', id, fingerprint }
    end
  end
end

local function debounced(job)
  if job.debounceId == '' then return nil end
  local key, set = base .. 'de:' .. job.debounceId, nil
  if job.debounceTtl ~= '' then
    set = redis.call('SET', key, job.id, 'PX', job.debounceTtl, 'NX')
  else
    set = redis.call('SET', key, job.id, 'NX')
  end
  if set then return nil end
  local first = redis.pcall('GET', key)
  if type(first) == 'table' then return { 'faulty', job.id, first.err } end
  redis.pcall('PUBLISH', base .. 'debounced@' .. token, first)
  return { 'debounced', first }
end

local function refused(job)
  if isMarked[job.mark] then return { 'once', job.id } end
  local memory = remembered(job)
  if memory then return memory end
  if (job.generated ~= '1' or isRepeated) and redis.call('EXISTS', base .. job.id) == 1 then
    if job.generated == '1' then return { 'added', job.id } end
    redis.pcall('PUBLISH', base .. 'duplicated@' .. token, job.id)
    return { 'duplicate', job.id }
  end
  if job.generated == '1' and gone[job.id] then return { 'added', job.id } end
  if depth >= (job.critical == '1' and reserve or limit) then return { 'full', job.id, depth } end
  if job.tenant ~= '' then
    local crowd = gates().isCrowded(job.tenant, tonumber(ARGV[7]))
    if crowd then return { 'crowded', job.id, crowd } end
  end
  return debounced(job)
end

local function laneOf(job)
  if job.tenant ~= '' then return DEFAULT_LEVEL end
  if job.lifo == '1' and job.priority == '0' then return LIFO end
  return job.priority == '' and DEFAULT_LEVEL or levelOf(job.priority)
end

local function gatedBy(job)
  if job.group == '' and job.tenant == '' then return nil end
  return { id = job.id, group = job.group ~= '' and job.group, tenant = job.tenant ~= '' and job.tenant, priority = job.priority ~= '' and job.priority }
end

local function store(job)
  local own = { 'name', job.name, 'data', job.data, 'opts', job.opts, 'timestamp', job.timestamp }
  local function note(field, value)
    own[#own + 1] = field
    own[#own + 1] = value
  end
  if job.priority ~= '' then note('priority', job.priority) end
  if job.debounceId ~= '' then note('deid', job.debounceId) end
  local grouped = gatedBy(job)
  if grouped and grouped.group then note('mqGroup', grouped.group) end
  if grouped and grouped.tenant then note('mqTenant', grouped.tenant) end
  if job.once then
    local name, entry = job.once[1], job.fingerprint .. ' ' .. job.id
    note('mqOnce', name)
    redis.call('SET', ONCE .. name, entry, 'PX', job.onceTtl)
    ledger[ONCE .. name] = entry
    newKeys[#newKeys + 1] = { name, tonumber(job.onceTtl) }
  end
  depth = depth + 1
  local delay = tonumber(job.delay)
  if delay > 0 then note('delay', job.delay) end
  if job.expires ~= '' then note('mqExpires', job.expires) end
  redis.call('HSET', base .. job.id, unpack(own))
  if job.expires ~= '' then mustStartBy(job.id, job.expires) end
  if delay > 0 then
    delayUntil(job.id, tonumber(job.timestamp) + delay, redis.call('INCR', base .. 'id'))
    if grouped then gates().expect(grouped) end
    return
  end
  waiting[#waiting + 1] = job.id
  if grouped then
    gates().enter(grouped, true)
    return
  end
  local lane = laneOf(job)
  if lane == LIFO then letWaitFirst({ job.id }, LIFO) else gather(job.id, lane) end
end

-- Such a job stays in the spool, and is tried again.
local UNSETTLED = { full = true, crowded = true, conflict = true, faulty = true }

local function markSettled(job, reply)
  if not job.mark or (reply ~= 1 and UNSETTLED[reply[1]]) then return end
  redis.call('SET', job.mark, '', 'PX', ${SPOOLED_MS})
end

local checked, places, isGrouped = {}, 0, false
for _, job in ipairs(jobs) do
  if job.group ~= '' or job.tenant ~= '' then
    if not isGrouped then gates().keepPolicy(ARGV[6]) end
    isGrouped = true
    if job.group ~= '' then gates().sizeOf(job.group) end
    if job.tenant ~= '' then gates().sizeOf('t:' .. job.tenant) end
    places = places + (job.group ~= '' and 1 or 0) + (job.tenant ~= '' and 1 or 0)
  end
  if job.expires ~= '' then redis.call('ZCARD', base .. 'mq:expires') end
  local place = tonumber(job.delay) > 0 and 'delayed' or laneOf(job)
  if not checked[place] then
    checked[place] = true
    if place ~= 'delayed' then
      checkLane(place)
    elseif redis.call('EXISTS', base .. 'id') == 1 then
      redis.call('INCRBY', base .. 'id', 0)
    end
  end
end
if places > 1 then gates().reservePlaces(places) end
local isFull = false
for i, job in ipairs(jobs) do
  replies[i] = isFull and { 'full', job.id, depth } or refused(job) or 1
  if replies[i] == 1 then
    store(job)
  elseif inOrder and (replies[i][1] == 'full' or replies[i][1] == 'crowded') then
    isFull = true
  end
  markSettled(job, replies[i])
end
if isGrouped then gates().insertAdmitted() else insertGathered() end
if #newKeys > 0 then noteKeys(newKeys, tonumber(ARGV[5])) end
local channel = base .. 'waiting@' .. token
-- To ask costs as much as to publish twice.
if #waiting <= 2 or heard(channel) then
  for _, id in ipairs(waiting) do redis.pcall('PUBLISH', channel, id) end
end
return replies
`,
});
