/**
 * Lua functions about how many slots a group has, after `timeFunctions`. A group is known by its stored name: `k:<key>`, `t:<tenant>`,
 * `b:<job>[:<key>]`.
 *
 * - `policy()`: what the queue's definition says, of the string `mq:flow` (JSON: `flow-text.ts`). Of a gate that it does not know, every
 *   job is let through.
 * - `groupKey(name)`: the zset of a group.
 * - `isOrdered(name)`: whether its jobs run one after the other, in the order of their places.
 * - `isFreedAtStart(name)`: whether a slot is free again when its job starts.
 * - `slotsOf(name)`: 0 while it is paused (hash `mq:set`: name → `{ paused: { reason, since }, slots }`) or asleep (zset `mq:wake`).
 */
export const slotFunctions = `
local groupsKey, heldKey, settingsKey, parkedKey = base .. 'mq:groups', base .. 'mq:held', base .. 'mq:set', base .. 'mq:parked'
local gateState = { held = 0, sizes = {}, holding = {} }

local function decoded(text)
  local isRead, value = pcall(cjson.decode, type(text) == 'string' and text or '{}')
  return isRead and type(value) == 'table' and value or {}
end

local function policy()
  if not gateState.policy then gateState.policy = decoded(redis.pcall('GET', base .. 'mq:flow')) end
  return gateState.policy
end

-- Workers decide what it says; an add only sees to it that it says something.
local function keepPolicy(text)
  if text ~= '' and redis.call('SET', base .. 'mq:flow', text, 'NX') then gateState.policy = nil end
end

local function groupKey(name)
  return base .. 'mq:g:' .. name
end

local function isOrdered(name)
  local key = policy().key
  return key ~= nil and key.slots == 1 and string.sub(name, 1, 2) == 'k:'
end

local function isFreedAtStart(name)
  local tenant = policy().tenant
  return string.sub(name, 1, 2) == 't:' and not (tenant and tenant.slots)
end

local function isAsleep(name)
  if gateState.mayWake == nil then gateState.mayWake = redis.call('EXISTS', base .. 'mq:wake') == 1 end
  return gateState.mayWake and redis.call('ZSCORE', base .. 'mq:wake', 'g:' .. name) ~= false
end

local function settingOf(name)
  if gateState.areSet == nil then gateState.areSet = redis.call('EXISTS', settingsKey) == 1 end
  return gateState.areSet and decoded(redis.pcall('HGET', settingsKey, name)) or {}
end

local function definedSlots(name)
  local gate, id = string.sub(name, 1, 1), string.sub(name, 3)
  if gate == 'k' then return policy().key and policy().key.slots or math.huge end
  if gate == 'b' then return 1 end
  local tenant = policy().tenant
  if not tenant then return math.huge end
  return tenant.slots or tenant.weights and tenant.weights[id] or tenant.weight or 1
end

local function slotsOf(name)
  local setting = settingOf(name)
  if setting.paused or isAsleep(name) then return 0 end
  return setting.slots or definedSlots(name)
end
`;
