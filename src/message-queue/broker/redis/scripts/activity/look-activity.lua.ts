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

local function read(name, belongs, command, ...)
  local reply = redis.pcall(command, base .. name, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply.err) end
  for _, known in ipairs({ name, redis.call('TYPE', base .. name).ok, belongs }) do wrong[#wrong + 1] = known end
  return {}
end

local function text(number)
  return string.format('%.0f', number)
end

local minutes, current = {}, math.floor(now / 60000)

local function readMinutes(queue, hour, from, to)
  local name = 'm:' .. queue .. ':' .. text(hour)
  for _, job in ipairs(listOf(read(name, 'hash', 'HGET', 'names'))) do
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
local seen = read('seen', 'zset', 'ZRANGEBYSCORE', '(' .. text(now - tonumber(ARGV[2])), '+inf', 'WITHSCORES')
for i = 1, #seen, 2 do
  local heartbeat = read('instances', 'hash', 'HGET', seen[i])
  if type(heartbeat) == 'table' then break end
  if heartbeat then
    instances[#instances + 1] = seen[i + 1]
    instances[#instances + 1] = heartbeat
  end
end

local announced = {}
for _, queue in ipairs(read('queues', 'hash', 'HVALS')) do
  local at, definition = string.match(queue, '^(%d+) (.*)$')
  if at and tonumber(at) > now - tonumber(ARGV[3]) then announced[#announced + 1] = definition end
end

for name, belongs in pairs({ leader = 'string', audit = 'stream' }) do
  local holds = redis.call('TYPE', base .. name).ok
  if holds ~= 'none' and holds ~= belongs then
    for _, known in ipairs({ name, holds, belongs }) do wrong[#wrong + 1] = known end
  end
end

return {
  text(now), minutes, instances, announced, read('alerts', 'hash', 'HVALS'), read('totals', 'hash', 'HGETALL'),
  read('deploys', 'zset', 'ZRANGE', 0, -1, 'WITHSCORES'), wrong
}
`,
});
