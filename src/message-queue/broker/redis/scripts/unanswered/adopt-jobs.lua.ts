import { at, readFunctions } from '../functions/read-job.lua.js';
import { luaScript } from '../lua-script.js';
import { replyFunctions } from './replies.lua.js';

/**
 * Finds jobs that this worker holds without knowing it: Redis executed a take whose reply was lost. In the reply `mqHeld` is `ahead`
 * where a job was taken ahead.
 *
 * ARGV: 1 token · 2 lock (ms) · 3 how many at most, a batch counting as one · 4… ids that the worker knows.
 * Reply: `[[job…], [[id, name, data, opts, attemptsMade, timestamp, priority, run] of one that a take of this worker found expired lately, told or not…]]`.
 */
export const adoptJobsScript = luaScript('mqAdoptJobs', {
  allowOom: true,
  uses: [readFunctions, replyFunctions],
  body: `
local known = {}
for i = 4, #ARGV do known[ARGV[i]] = true end
local adopted, count, batches = {}, 0, {}
for _, id in ipairs(redis.call('LRANGE', base .. 'active', 0, -1)) do
  if not known[id] and redis.call('GET', base .. id .. ':lock') == ARGV[1] then
    local job = readJob(id)
    local group = job[${at('mqGroup')}] or ''
    local batch = string.sub(group, 1, 2) == 'b:' and (job[${at('mqRun')}] or '') .. group
    local isAlong = batch and batches[batch]
    -- Behind the last one there may be others of a batch: their run takes them all, or there would be two.
    if isAlong or count < tonumber(ARGV[3]) then
      if not isAlong then count = count + 1 end
      if batch then batches[batch] = true end
      redis.call('PEXPIRE', base .. id .. ':lock', ARGV[2])
      local mark = (job[${at('mqRun')}] or '') .. ' ' .. id
      if redis.call('SISMEMBER', base .. 'mq:ahead', mark) == 1 then job[${at('mqHeld')}] = 'ahead' end
      adopted[#adopted + 1] = job
    end
  end
end
local expired = {}
for _, jobs in ipairs(keptReplies(ARGV[1])) do
  for _, job in ipairs(jobs) do expired[#expired + 1] = job end
end
return { adopted, filledIn(expired) }
`,
});
