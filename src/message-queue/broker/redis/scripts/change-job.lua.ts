import { laneFunctions } from './lane.lua.js';
import { luaScript } from './lua-script.js';
import { debounceFunctions } from './ownership.lua.js';

/**
 * Cancels a job. A waiting or delayed one moves to the failed set; for an active one the field `mqCancel` is set and
 * the channel `mq:cancel` told, so that the worker that runs it, or the one that runs it next, aborts it.
 *
 * ARGV: 1 id · 2 now (ms) · 3 reason · 4 failed reason · 5 new opts · 6 the opts this was computed from · 7 event data ·
 * 8 message for the workers.
 * Reply: `removed`, `signalled`, `finished`, `not-found`, or `changed` when the stored opts differ from 6.
 */
export const cancelJobScript = luaScript('mqCancelJob', {
  allowOom: true,
  uses: [debounceFunctions],
  body: `
local id, key, now = ARGV[1], base .. ARGV[1], ARGV[2]
if redis.call('ZSCORE', base .. 'completed', id) or redis.call('ZSCORE', base .. 'failed', id) then return 'finished' end
local opts = redis.call('HGET', key, 'opts')
if not opts then return 'not-found' end
if redis.call('LPOS', base .. 'active', id) then
  redis.call('HSET', key, 'mqCancel', ARGV[3])
  redis.call('PUBLISH', base .. 'mq:cancel', ARGV[8])
  return 'signalled'
end
if opts ~= ARGV[6] then return 'changed' end
local removed = redis.call('ZREM', base .. 'delayed', id) + redis.call('LREM', base .. 'wait', 0, id)
  + redis.call('LREM', base .. 'paused', 0, id)
if removed == 0 then return 'not-found' end
redis.call('ZREM', base .. 'priority', id)
freeDebounce(id)
redis.call('HSET', key, 'opts', ARGV[5], 'failedReason', ARGV[4], 'finishedOn', now)
redis.call('ZADD', base .. 'failed', now, id)
redis.call('PUBLISH', base .. 'failed', ARGV[7])
return 'removed'
`,
});

/**
 * Puts a dead letter back to waiting, at the end of its lane, with its attempts at 0.
 *
 * ARGV: 1 id · 2 now (ms) · 3 new opts · 4 the opts this was computed from · 5 token.
 * Reply: `replayed`, `not-failed`, or `changed` when the stored opts differ from 4.
 */
export const replayJobScript = luaScript('mqReplayJob', {
  uses: [laneFunctions],
  body: `
local id, key = ARGV[1], base .. ARGV[1]
if not redis.call('ZSCORE', base .. 'failed', id) then return 'not-failed' end
local stored = redis.call('HMGET', key, 'opts', 'priority')
if not stored[1] then
  redis.call('ZREM', base .. 'failed', id)
  return 'not-failed'
end
if stored[1] ~= ARGV[4] then return 'changed' end
redis.call('ZREM', base .. 'failed', id)
redis.call('HDEL', key, 'finishedOn', 'processedOn', 'failedReason', 'stacktrace', 'returnvalue', 'progress',
  'stalledCounter', 'mqCrashes', 'mqCancel', 'mqRun')
redis.call('HSET', key, 'attemptsMade', 0, 'opts', ARGV[3], 'retriedOn', ARGV[2])
insertIntoLane(waitingList(), tonumber(stored[2]) or 0, { id }, false)
redis.call('PUBLISH', base .. 'waiting@' .. ARGV[5], id)
return 'replayed'
`,
});

/**
 * Replaces a job's opts.
 *
 * ARGV: 1 id · 2 new opts · 3 the opts this was computed from. Reply: `stored`, `not-found` or `changed`.
 */
export const annotateJobScript = luaScript('mqAnnotateJob', {
  body: `
local opts = redis.call('HGET', base .. ARGV[1], 'opts')
if not opts then return 'not-found' end
if opts ~= ARGV[3] then return 'changed' end
redis.call('HSET', base .. ARGV[1], 'opts', ARGV[2])
return 'stored'
`,
});
