import { laneFunctions } from '../lanes/lane.lua.js';
import { luaScript } from '../lua-script.js';
import { BEFORE_WAKES } from './batches.lua.js';
import { gates } from './gates.lua.js';

/**
 * Changes what is set of a group by hand, and lets in what there is room for now.
 *
 * ARGV: 1 its stored name · 2 `pause`, `resume` or `slots` · 3 the reason of a pause, or how many slots, empty text for as many as defined · 4 now (ms).
 * Reply: 1 · 0 it was not paused.
 */
export const setGroupScript = luaScript('mqSetGroup', {
  allowOom: true,
  uses: [laneFunctions, gates],
  body: `
local name, action, value = ARGV[1], ARGV[2], ARGV[3]
local key = base .. 'mq:set'
local text = redis.call('HGET', key, name)
local isRead, setting = pcall(cjson.decode, text or '{}')
if not isRead or type(setting) ~= 'table' then setting = {} end
local wasPaused = setting.paused ~= nil
if action == 'pause' then
  setting.paused = { reason = value, since = wasPaused and setting.paused.since or tonumber(ARGV[4]) }
elseif action == 'resume' then
  setting.paused = nil
else
  setting.slots = tonumber(value)
end
if next(setting) == nil then redis.call('HDEL', key, name) else redis.call('HSET', key, name, cjson.encode(setting)) end
-- What workers took ahead has not started: they hand it back.
if action == 'pause' then redis.pcall('PUBLISH', base .. 'mq:yield', name) end
gates().admit(name)
gates().insertAdmitted()
return (action ~= 'resume' or wasPaused) and 1 or 0
`,
});

/** Lua function `statusOf(name)`: `[name, held, admitted, when the first one held was added or null, opens at or null, parked or null, set or null]`. */
const statusFunction = `
local isRead, flow = pcall(cjson.decode, redis.call('GET', base .. 'mq:flow') or '{}')
local holds = isRead and type(flow) == 'table' and flow.key and flow.key.hold

-- Where delayed jobs have their places, they stand among those that are held.
local function heldOf(name)
  local group = base .. 'mq:g:' .. name
  if not holds or string.sub(name, 1, 1) ~= 'k' then
    return redis.call('ZRANGEBYSCORE', group, '(0', '(+inf', 'LIMIT', 0, 1)[1], redis.call('ZCOUNT', group, '(0', '(+inf')
  end
  local first, held = nil, 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', group, '(0', '(+inf')) do
    if not redis.call('ZSCORE', base .. 'delayed', id) then
      first, held = first or id, held + 1
    end
  end
  return first, held
end

local function statusOf(name)
  local group = base .. 'mq:g:' .. name
  local first, held = heldOf(name)
  local opensAt = redis.call('ZSCORE', base .. 'mq:wake', 'g:' .. name)
  return {
    name, held, redis.call('ZCOUNT', group, '-inf', '(0'),
    first and redis.call('HGET', base .. first, 'timestamp') or false,
    opensAt ~= string.sub('${BEFORE_WAKES}', 2) and opensAt,
    redis.call('HGET', base .. 'mq:parked', name),
    redis.call('HGET', base .. 'mq:set', name)
  }
end
`;

/** Reads how groups stand. ARGV: their stored names. Reply for each: what `statusOf` says. */
export const readGroupsScript = luaScript('mqReadGroups', {
  readsOnly: true,
  uses: [statusFunction],
  body: `
local statuses = {}
for i, name in ipairs(ARGV) do statuses[i] = statusOf(name) end
return statuses
`,
});

/** Parked or paused groups that are put in order for a list. */
const MOST_SORTED = 10_000;

/**
 * Finds groups in a state.
 *
 * ARGV: 1 `holding`, `parked`, `paused` or `sleeping` · 2 cursor, empty text at first · 3 how many at most.
 * Reply: `[next cursor or null, [what statusOf says…]]`.
 */
export const listGroupsScript = luaScript('mqListGroups', {
  readsOnly: true,
  uses: [statusFunction],
  body: `
local state, cursor, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local names, following = {}, false

local function byRank(key, prefix)
  local first = tonumber(cursor) or 0
  local found = redis.call('ZRANGEBYSCORE', base .. key, '${BEFORE_WAKES}', '+inf', 'LIMIT', first, limit)
  for _, member in ipairs(found) do
    if prefix == '' or string.sub(member, 1, #prefix) == prefix then names[#names + 1] = string.sub(member, #prefix + 1) end
  end
  if #found == limit then following = tostring(first + limit) end
end

-- In the order of their times; of very many, the first ones that Redis finds.
local function bySince(key, sinceOf)
  local found = redis.call('HSCAN', base .. key, '0', 'COUNT', ${MOST_SORTED})[2]
  local marked = {}
  for i = 1, #found, 2 do
    local since = sinceOf(found[i + 1])
    if since then marked[#marked + 1] = { name = found[i], since = since } end
  end
  table.sort(marked, function(a, b) return a.since < b.since or a.since == b.since and a.name < b.name end)
  local first = tonumber(cursor) or 0
  for i = first + 1, math.min(first + limit, #marked) do names[#names + 1] = marked[i].name end
  if first + limit < #marked then following = tostring(first + limit) end
end

if state == 'holding' then
  byRank('mq:groups', '')
elseif state == 'sleeping' then
  byRank('mq:wake', 'g:')
elseif state == 'parked' then
  bySince('mq:parked', function(text) return tonumber(string.match(text, ' (%d+)$')) end)
else
  bySince('mq:set', function(text)
    local isRead, setting = pcall(cjson.decode, text)
    return isRead and type(setting) == 'table' and setting.paused and setting.paused.since
  end)
end
local statuses = {}
for i, name in ipairs(names) do statuses[i] = statusOf(name) end
return { following, statuses }
`,
});

/** Groups that one sweep looks at. */
const SWEPT_GROUPS = 1_000;
/** Owners of slots that it looks at in each. */
const SWEPT_OWNERS = 1_000;

/**
 * Frees slots whose owners are gone, or ended without saying so: a worker of a version before, plain Bull and a hand that deletes a job know of no slots.
 * Goes on where the last sweep, of whichever worker, left off.
 *
 * ARGV: 1 now (ms) · 2 shortest time between two sweeps, over all workers (ms). Reply: how many slots were freed.
 */
export const sweepGroupsScript = luaScript('mqSweepGroups', {
  allowOom: true,
  uses: [laneFunctions, gates],
  body: `
local groups = base .. 'mq:groups'
if not redis.call('SET', base .. 'mq:groups:swept', ARGV[1], 'PX', ARGV[2], 'NX') then return 0 end
local first, freed = tonumber(redis.call('GET', base .. 'mq:groups:next')) or 0, 0
local names = redis.call('ZRANGE', groups, first, first + ${SWEPT_GROUPS - 1})
if #names == ${SWEPT_GROUPS} then
  redis.call('SET', base .. 'mq:groups:next', first + #names, 'EX', 3600)
else
  redis.call('DEL', base .. 'mq:groups:next')
end

local function isOver(id)
  local stored = redis.pcall('HMGET', base .. id, 'timestamp', 'finishedOn')
  return stored.err ~= nil or not stored[1] or stored[2] ~= false
end

local function free(name, id)
  if redis.call('ZREM', base .. 'mq:g:' .. name, id) == 0 then return end
  freed = freed + 1
  gates().admit(name)
end

local function isParkedBy(name, id)
  local parked = redis.call('HGET', base .. 'mq:parked', name)
  return parked and string.match(parked, '^(.*) %d+$') == id
end

-- Letters that plain Bull, or a hand, put back or removed.
local function sweepParked()
  local key = base .. 'mq:parked'
  local scanned = redis.call('HSCAN', key, redis.call('GET', base .. 'mq:parked:next') or '0', 'COUNT', ${SWEPT_GROUPS})
  for i = 1, #scanned[2], 2 do
    local name, id = scanned[2][i], string.match(scanned[2][i + 1], '^(.*) %d+$') or ''
    if not redis.call('ZSCORE', base .. 'failed', id) then
      redis.call('HDEL', key, name)
      if isOver(id) then free(name, id) end
    end
  end
  if scanned[1] == '0' then redis.call('DEL', base .. 'mq:parked:next') else redis.call('SET', base .. 'mq:parked:next', scanned[1], 'EX', 3600) end
end

for _, name in ipairs(names) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. 'mq:g:' .. name, '-inf', '(0', 'LIMIT', 0, ${SWEPT_OWNERS})) do
    if isOver(id) and not isParkedBy(name, id) then free(name, id) end
  end
  gates().admit(name)
end
sweepParked()
gates().insertAdmitted()
if freed > 0 then redis.call('HINCRBY', base .. 'mq:flow:figures', 'repairs', freed) end
return freed
`,
});
