import { endingFunctions } from './ending.lua.js';
import { argumentTable, luaScript } from './lua-script.js';
import { ownershipFunctions } from './ownership.lua.js';
import { takeFunctions } from './take-jobs.lua.js';

/** Fields of one job in the arguments of {@link completeJobsScript}, in this order. */
const COMPLETE_FIELDS = ['id', 'run', 'result', 'event', 'keepCount', 'keepAge', 'tombstoneMs'] as const;

/**
 * Completes jobs and takes the next ones in the same step.
 *
 * ARGV: 1 token · 2 now (ms) · 3 lock (ms) · 4 how many to take ·
 * 5 `1` to publish `drained` when none is left · then the fields of {@link COMPLETE_FIELDS} per job:
 * `run` the job's `mqRun`, `keepCount` completed jobs to keep (`-1` all, `0` removes the job), `keepAge` seconds to keep them ('' = any),
 * `tombstoneMs` how long the id of a removed job is remembered ('' = not).
 * Reply: `[[status…], [[id, hash]…], [phantom id…]]`; status 1 stored, 0 the job is no longer ours, 2 this very
 * call was executed before and its reply was lost.
 */
export const completeJobsScript = luaScript('mqCompleteJobs', {
  allowOom: true,
  uses: [ownershipFunctions, endingFunctions, takeFunctions],
  body: `
local FIELDS = ${COMPLETE_FIELDS.length}
local token, now, lockMs = ARGV[1], ARGV[2], ARGV[3]
local completed = base .. 'completed'
local retention = {} -- once per call and kind, not once per job

local function removeAll(ids)
  for _, id in ipairs(ids) do redis.call('DEL', base .. id, base .. id .. ':logs') end
end

local function keepOnly(count, age)
  if age ~= '' then
    local oldest = tonumber(now) - tonumber(age) * 1000
    removeAll(redis.call('ZRANGEBYSCORE', completed, '-inf', oldest))
    redis.call('ZREMRANGEBYSCORE', completed, '-inf', oldest)
  end
  if count > 0 then
    removeAll(redis.call('ZREVRANGE', completed, count, -1))
    redis.call('ZREMRANGEBYRANK', completed, 0, -(count + 1))
  end
end

local function complete(job)
  local key = base .. job.id
  if not owns(job.id, token, job.run) then
    if redis.call('HGET', key, 'finishedOn') == now or redis.call('EXISTS', base .. 'mq:gone:' .. job.id) == 1 then
      return 2
    end
    return 0
  end
  letGo(job.id)
  freeDebounce(job.id)
  local count = tonumber(job.keepCount)
  if count == 0 then
    redis.call('DEL', key, key .. ':logs')
    if job.tombstoneMs ~= '' then redis.call('SET', base .. 'mq:gone:' .. job.id, 1, 'PX', job.tombstoneMs) end
  else
    redis.call('ZADD', completed, now, job.id)
    redis.call('HSET', key, 'returnvalue', job.result, 'finishedOn', now)
    redis.call('HDEL', key, 'mqRun')
    if count > 0 or job.keepAge ~= '' then retention[job.keepCount .. ':' .. job.keepAge] = { count, job.keepAge } end
  end
  redis.call('PUBLISH', completed, job.event)
  return 1
end

local statuses = {}
for first = 6, #ARGV, FIELDS do
  statuses[#statuses + 1] = complete(${argumentTable(COMPLETE_FIELDS)})
end
for _, keep in pairs(retention) do keepOnly(keep[1], keep[2]) end
local taken, phantoms = takeJobs(tonumber(ARGV[4]), now, token, lockMs)
if #taken == 0 and ARGV[5] == '1' then redis.call('PUBLISH', base .. 'drained', '') end
return { statuses, taken, phantoms }
`,
});
