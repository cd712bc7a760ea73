import { endingFunctions, letterFunctions } from './ending.lua.js';
import { gates } from './gates/gates.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript } from './lua-script.js';
import { replyFunctions } from './unanswered/replies.lua.js';

/** Why the run of a job is to stop: it was cancelled, or what it is about was erased. */
export interface StopOrder {
  readonly reason: string;
  readonly erased?: boolean;
}

/** Message to the workers, on the channel `mq:cancel`. */
export interface StopMessage extends StopOrder {
  readonly id: string;
}

/**
 * Cancels a job. A waiting or delayed one moves to the failed set. For an active one, the field `mqCancel` is set and a
 * message published on `mq:cancel`, so that the worker that runs it, or the one that runs it next, aborts it.
 *
 * ARGV: 1 id · 2 now (ms) · 3 reason · 4 failed reason · 5 new opts · 6 the opts this was computed from · 7 event data ·
 * 8 message for the workers · 9 dead letters to keep · 10 their bytes to keep · 11 id of this call.
 * Reply: `removed`, `signalled`, `finished`, `not-found`, or `changed` when the stored opts differ from 6.
 */
export const cancelJobScript = luaScript('mqCancelJob', {
  allowOom: true,
  uses: [laneFunctions, endingFunctions, letterFunctions, gates, replyFunctions],
  body: `
local id, key, now = ARGV[1], base .. ARGV[1], ARGV[2]
if keptReplies(ARGV[11])[1] then return 'removed' end
for _, ended in ipairs({ 'completed', 'failed', 'mq:expired' }) do
  if redis.call('ZSCORE', base .. ended, id) then return 'finished' end
end
local opts = fieldOf(id, 'opts')
if not opts then return 'not-found' end
if redis.call('LPOS', base .. 'active', id) then
  redis.call('HSET', key, 'mqCancel', ARGV[3])
  redis.pcall('PUBLISH', base .. 'mq:cancel', ARGV[8])
  return 'signalled'
end
if opts ~= ARGV[6] then return 'changed' end
-- Raises an error when somebody put something else there, before the job leaves where it is.
redis.call('ZCARD', base .. 'failed')
local wasDelayed = redis.call('ZREM', base .. 'delayed', id) == 1
local wasWaiting = not wasDelayed and removeWaiting(id) > 0
local wasHeld = gates().leave(id, wasDelayed)
gates().insertAdmitted()
if not (wasDelayed or wasWaiting or wasHeld) then return 'not-found' end
redis.call('HSET', key, 'opts', ARGV[5], 'failedReason', ARGV[4])
endAsFailed(id, now, ARGV[7], tonumber(ARGV[9]), tonumber(ARGV[10]))
keepReply(ARGV[11], { 'removed' })
return 'removed'
`,
});
