import { endingFunctions, goneFunctions } from '../ending.lua.js';
import { replyFunctions } from '../unanswered/replies.lua.js';
import { lazily } from '../lua-script.js';

/** Of the jobs that expired, how many are removed at once for being too old, or too many. */
const MOST_TRIMMED = 1_000;

/**
 * Lua functions about jobs that must start by a time: the field `mqExpires` of their hash (ms by the server's clock), until they have
 * started. The zset `mq:expires` has those of them that wait, are held or delayed: id → that time, for the timer; only the field decides. The zset
 * `mq:expired` has those that did not start in time: id → when that was noticed; Bull knows no such state.
 *
 * - `isTooLate(by)`: whether a job that must start by then must not start any more.
 * - `waitsAgain(id)`: it was taken, and did not start. `hasStarted(id)`: it did, and never expires from now on.
 * - `endAsExpired(id, now)`: ends a job that stands in no list.
 * - `trimExpired(now, count, ageMs)`: removes those that ended before, as completed jobs are: at most `count` are kept, none longer than `ageMs`.
 *   Returns how many were removed.
 */
const expiryFunctions = `
local expiresKey, expiredKey = base .. 'mq:expires', base .. 'mq:expired'

local function isTooLate(by, now)
  return by and tonumber(by) ~= nil and tonumber(by) <= serverNow(tonumber(now))
end

local function waitsAgain(id)
  local by = redis.pcall('HGET', base .. id, 'mqExpires')
  if type(by) == 'string' and tonumber(by) then redis.pcall('ZADD', expiresKey, by, id) end
end

local function hasStarted(id)
  redis.pcall('HDEL', base .. id, 'mqExpires')
end

local function forgetExpired(ids)
  local keys, generated = {}, {}
  for _, id in ipairs(ids) do
    keys[#keys + 1] = base .. id
    keys[#keys + 1] = base .. id .. ':logs'
    if string.sub(id, 1, 2) == 'm_' then generated[#generated + 1] = id end
  end
  if #keys > 0 then redis.call('DEL', unpack(keys)) end
  rememberGone(generated)
end

local function endAsExpired(id, now)
  freeDebounce(id)
  redis.pcall('ZREM', expiresKey, id)
  redis.pcall('ZREM', base .. 'mq:unknown', id)
  redis.call('HDEL', base .. id, 'mqExpires', 'mqUnknown')
  redis.call('HSET', base .. id, 'finishedOn', now)
  -- What cannot be listed because of what somebody put there is removed.
  if type(redis.pcall('ZADD', expiredKey, now, id)) ~= 'number' then forgetExpired({ id }) end
  redis.pcall('HINCRBY', base .. 'mq:flow:figures', 'expired', 1)
end

local function trimExpired(now, count, ageMs)
  local old = redis.call('ZRANGEBYSCORE', expiredKey, '-inf', string.format('%.0f', now - ageMs), 'LIMIT', 0, ${MOST_TRIMMED})
  if #old == 0 then
    local excess = math.min(redis.call('ZCARD', expiredKey) - count, ${MOST_TRIMMED})
    if excess > 0 then old = redis.call('ZRANGE', expiredKey, 0, excess - 1) end
  end
  if #old > 0 then redis.call('ZREM', expiredKey, unpack(old)) end
  forgetExpired(old)
  return #old
end
`;

/** Lua function `expiry()`: the functions above, and those that keep replies, made when a job is met that may expire. */
export const expiry = lazily(
  'expiry',
  [endingFunctions, goneFunctions, replyFunctions, expiryFunctions],
  [
    ...['isTooLate', 'waitsAgain', 'hasStarted', 'endAsExpired', 'trimExpired', 'serverNow'],
    ...['keepReply', 'keptReplies', 'outlineOf', 'filledIn'],
  ],
);
