import { endingFunctions, goneFunctions, letterFunctions } from './ending.lua.js';
import { keyFunctions } from './functions/keys.lua.js';
import { ownershipFunctions } from './functions/ownership.lua.js';
import { gates } from './gates/gates.lua.js';
import { heldFunctions } from './gates/held.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript } from './lua-script.js';
import { replyFunctions } from './unanswered/replies.lua.js';

/**
 * Removes jobs that wait, are paused or delayed, and the ledger entries of their idempotency keys.
 *
 * ARGV: 1 how many at most. Reply: how many were removed; when fewer than asked for, none is left.
 */
export const purgeQueueScript = luaScript('mqPurgeQueue', {
  allowOom: true,
  uses: [laneFunctions, endingFunctions, keyFunctions, gates, heldFunctions],
  body: `
local limit, removed = tonumber(ARGV[1]), 0

local function drop(id, wasDelayed)
  leaveGroups(id, wasDelayed)
  freeKeyOf(id)
  freeDebounce(id)
  redis.call('ZREM', base .. 'priority', id)
  redis.call('ZREM', base .. 'mq:unknown', id)
  redis.call('DEL', base .. id, base .. id .. ':logs')
  removed = removed + 1
end

for _, id in ipairs(heldToRemove(limit)) do drop(id) end
for _, lane in ipairs(lanesInUse()) do
  local ids = removed < limit and redis.call('RPOP', lane.key, limit - removed) or {}
  for _, id in ipairs(ids) do drop(id) end
  if #ids > 0 then leftLane(lane, #ids) end
end
while removed < limit do
  local id = redis.call('ZRANGE', base .. 'delayed', 0, 0)[1]
  if not id then break end
  redis.call('ZREM', base .. 'delayed', id)
  drop(id, true)
end
endGates()
return removed
`,
});

/**
 * Lua function `erase(id, wasWaiting)`: removes a job in any state, and all that is stored of it or stands for it. One that a worker holds the
 * lock of is marked (`mqErased`), and its worker told on the channel `mq:cancel`, so that it, or whoever runs the job next, aborts it.
 * `wasWaiting`: the caller took it out of its lane. `report(looked, left)`: what became of the jobs, `[[id of one that had ended…],
 * [[id, name, data, opts, attemptsMade, timestamp, priority] of one that had not…], [id of one that is marked…]]`, and the two numbers
 * behind it. `reported()`: what this very call reported before, then without data. `ARGV[1]` is the id of the call.
 */
const eraseFunctions = `${replyFunctions}
local ended, unended, marked, generated = {}, {}, {}, {}

local function freeDebounceOf(id)
  local debounceId = fieldOf(id, 'deid')
  if debounceId and redis.pcall('GET', base .. 'de:' .. debounceId) == id then redis.call('DEL', base .. 'de:' .. debounceId) end
end

local function erase(id, wasWaiting)
  local key = base .. id
  local job = redis.pcall('HMGET', key, 'name', 'data', 'opts', 'attemptsMade', 'timestamp', 'priority', 'mqRun')
  if job.err or not job[2] then return end
  local isLetter, hadEnded = false, true
  if redis.call('LPOS', base .. 'active', id) then
    if redis.call('EXISTS', key .. ':lock') == 1 then
      redis.call('HSET', key, 'mqErased', '1')
      redis.pcall('PUBLISH', base .. 'mq:cancel', cjson.encode({ id = id, reason = 'erased', erased = true }))
      marked[#marked + 1] = id
      return
    end
    letGo(id, job[7] or '')
    hadEnded = false
  elseif redis.call('ZREM', base .. 'failed', id) == 1 then
    isLetter = true
  elseif redis.call('ZREM', base .. 'completed', id) == 0 then
    hadEnded = not (wasWaiting or takeOut(id))
  end
  leaveGroups(id)
  -- Who is let in may be the next to go.
  endGates()
  freeKeyOf(id)
  freeDebounceOf(id)
  if isLetter then dropLetters({ id }) end
  redis.pcall('ZREM', base .. 'mq:unknown', id)
  redis.call('DEL', key, key .. ':logs')
  if string.sub(id, 1, 2) == 'm_' then generated[#generated + 1] = id end
  if hadEnded then
    ended[#ended + 1] = id
  else
    unended[#unended + 1] = { id, job[1], job[2], job[3], job[4], job[5], job[6] }
  end
end

-- Ids may name somebody: kept are their places in the call.
local function exchanged(ids, by)
  local others = {}
  for i, id in ipairs(ids) do others[i] = by[id] end
  return others
end

local function report(looked, left)
  -- An add whose answer was lost is sent again.
  rememberGone(generated)
  if #ended + #unended > 0 then
    local places, outlines = {}, {}
    for i, id in ipairs(ARGV) do places[id] = i end
    for i, job in ipairs(unended) do
      outlines[i] = outlineOf(job)
      outlines[i][1] = places[job[1]]
    end
    keepReply(ARGV[1], { exchanged(ended, places), outlines, exchanged(marked, places), looked, left })
  end
  return { ended, unended, marked, looked, left }
end

local function reported()
  local kept = keptReplies(ARGV[1])[1]
  if not kept then return nil end
  for _, job in ipairs(kept[2]) do job[1] = ARGV[job[1]] end
  return { exchanged(kept[1], ARGV), kept[2], exchanged(kept[3], ARGV), kept[4], kept[5] }
end
`;

const ERASE_USES = [
  laneFunctions,
  endingFunctions,
  letterFunctions,
  goneFunctions,
  keyFunctions,
  ownershipFunctions,
  gates,
  heldFunctions,
  eraseFunctions,
];

/** Erases jobs in any state. ARGV: 1 id of this call · 2… ids. Reply: what `report` says. Each waiting one costs a search of its lane. */
export const eraseJobsScript = luaScript('mqEraseJobs', {
  allowOom: true,
  uses: ERASE_USES,
  body: `
local before = reported()
if before then return before end
for i = 2, #ARGV do erase(ARGV[i], false) end
return report(0, 0)
`,
});

/**
 * Erases those of many jobs that wait within a part of a lane.
 *
 * ARGV: 1 id of this call · 2 the lane's key, behind the base key · 3 its level, empty for the default one · 4 first position · 5 how many to look at ·
 * 6… ids. Reply: what `report` says, with how many were looked at, and how many of them left the lane.
 */
export const eraseWaitingScript = luaScript('mqEraseWaiting', {
  allowOom: true,
  uses: ERASE_USES,
  body: `
local before = reported()
if before then return before end
local lane = { key = base .. ARGV[2], level = ARGV[3] == '' and DEFAULT_LEVEL or ARGV[3] }
local first, wanted, found = tonumber(ARGV[4]), {}, {}
for i = 6, #ARGV do wanted[ARGV[i]] = true end
local ids = redis.pcall('LRANGE', lane.key, first, first + tonumber(ARGV[5]) - 1)
-- Something else stands there.
if ids.err then return report(0, 0) end
for i, id in ipairs(ids) do
  if wanted[id] then
    found[#found + 1] = id
    -- No job has this id: all of them leave at once.
    redis.call('LSET', lane.key, first + i - 1, '')
  end
end
if #found > 0 then
  leftLane(lane, redis.call('LREM', lane.key, 0, ''))
  redis.pcall('ZREM', base .. 'priority', unpack(found))
  for _, id in ipairs(found) do erase(id, true) end
end
return report(#ids, #found)
`,
});
