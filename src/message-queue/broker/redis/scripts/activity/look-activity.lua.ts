import { timeFunctions } from '../functions/server-time.lua.js';
import { luaScript } from '../lua-script.js';
import { listFunction } from './flush-activity.lua.js';

/**
 * Reads what all processes counted of queues within the last six minutes, and what else is told of the fleet. Nothing in it grows with the
 * jobs that wait.
 *
 * Base key: `prefix:{ops}:`. ARGV: 1 now (ms), where the server keeps its time from scripts · 2 after what silence a process is not listed
 * (ms) · 3 how long an announced queue is listed (ms) · 4… queues.
 * Reply: `[now (ms); [queue, job, begin of the minute (ms), MessagePack list …]; [seen at, <number> <announced at> <heartbeat> …];
 * [announced queue …]; [alert …]; [<queue>:<counter>, value …]; [version, seen at …]; [name of a key, what it holds, what belongs there …]]`.
 */
export const lookActivityScript = luaScript('mqLookActivity', {
  readsOnly: true,
  uses: [timeFunctions, listFunction],
  body: `
local now, wrong = serverNow(tonumber(ARGV[1])), {}

local KEYS_BY_TYPE = {
  zset = { 'seen', 'deploys' },
  hash = { 'instances', 'queues', 'totals', 'alerts' },
  string = { 'leader' },
  stream = { 'audit' }
}

local function isRight(name, belongs)
  local holds = redis.call('TYPE', base .. name).ok
  if holds == 'none' or holds == belongs then return true end
  for _, part in ipairs({ name, holds, belongs }) do wrong[#wrong + 1] = part end
  return false
end

local isReadable = {}
for belongs, names in pairs(KEYS_BY_TYPE) do
  for _, name in ipairs(names) do isReadable[name] = isRight(name, belongs) end
end

local function read(name, command, ...)
  return isReadable[name] and redis.call(command, base .. name, ...) or {}
end

local function text(number)
  return string.format('%.0f', number)
end

local minutes, current = {}, math.floor(now / 60000)

local function readMinutes(queue, hour, from, to)
  local name = 'm:' .. queue .. ':' .. text(hour)
  if not isRight(name, 'hash') then return end
  for _, job in ipairs(listOf(redis.call('HGET', base .. name, 'names'))) do
    local fields = {}
    for minute = from, to do fields[#fields + 1] = job .. ' ' .. text(minute % 60) end
    for i, bytes in ipairs(redis.call('HMGET', base .. name, unpack(fields))) do
      if bytes then
        for _, part in ipairs({ queue, job, text((from + i - 1) * 60000), bytes }) do minutes[#minutes + 1] = part end
      end
    end
  end
end

local hour, first = math.floor(current / 60), current - 5
for i = 4, #ARGV do
  if first < hour * 60 then readMinutes(ARGV[i], hour - 1, first, hour * 60 - 1) end
  readMinutes(ARGV[i], hour, math.max(first, hour * 60), current)
end

local instances = {}
local seen = read('seen', 'ZRANGEBYSCORE', '(' .. text(now - tonumber(ARGV[2])), '+inf', 'WITHSCORES')
for i = 1, #seen, 2 do
  local heartbeat = isReadable.instances and redis.call('HGET', base .. 'instances', seen[i])
  if heartbeat then
    instances[#instances + 1] = seen[i + 1]
    instances[#instances + 1] = heartbeat
  end
end

local announced = {}
for _, queue in ipairs(read('queues', 'HVALS')) do
  local at, definition = string.match(queue, '^(%d+) (.*)$')
  if at and tonumber(at) > now - tonumber(ARGV[3]) then announced[#announced + 1] = definition end
end

return {
  text(now), minutes, instances, announced, read('alerts', 'HVALS'), read('totals', 'HGETALL'),
  read('deploys', 'ZRANGE', 0, -1, 'WITHSCORES'), wrong
}
`,
});
