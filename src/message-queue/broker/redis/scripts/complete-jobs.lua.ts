import { endingFunctions, goneFunctions } from './ending.lua.js';
import { argumentTable, luaScript } from './lua-script.js';
import { takeFunctions } from './take-jobs.lua.js';

/** Fields of one way to keep completed jobs in the arguments of {@link completeJobsScript}, in this order. */
const KEEP_FIELDS = ['count', 'age'] as const;

/** Fields of one job that ends in the arguments of {@link completeJobsScript}, in this order. */
const COMPLETE_FIELDS = ['id', 'run', 'result', 'keep', 'remember', 'marks'] as const;

/** Where a field of the job at `at` stands. A table for each job would cost more than a command. */
function field(name: (typeof COMPLETE_FIELDS)[number]): string {
  return `ARGV[at + ${COMPLETE_FIELDS.indexOf(name)}]`;
}

/**
 * Completes jobs, begins jobs that were taken ahead, and takes the next ones, in one step.
 *
 * ARGV: 1 token · 2 now (ms) · 3 lock (ms) · 4 how many to take · 5 `1` to publish `drained` when none is left ·
 * 6 how many of them begin at once · 7 how many ways to keep completed jobs follow · 8 how many jobs begin · then the fields of {@link KEEP_FIELDS} per way:
 * `count` completed jobs to keep (`-1` all, `0` removes the job), `age` seconds to keep them ('' = any) ·
 * then `run id` of each of these · then the fields of {@link COMPLETE_FIELDS} per job that ends: `run` the job's `mqRun`, `keep` its way, from 1,
 * `remember` `1` = the id is generated, and was added moments ago: it is remembered when the job is removed, `marks`: `d` when it has a
 * debounce, then its group and its tenant with a line break between them.
 * Reply: `[[status…], [job…], [phantom id…], 1 = ask again, run, [job that expired…], in how many ms something opens or null, for how many ms the queue is closed or null,
 * 1 = the queue is paused and nothing was taken]`, all but the first and the last as `takeJobs` returns them; status 1 stored, 0 the job is no longer
 * ours, 2 this very call was executed before and its reply was lost.
 */
export const completeJobsScript = luaScript('mqCompleteJobs', {
  allowOom: true,
  uses: [endingFunctions, goneFunctions, takeFunctions],
  body: `
local token, now, lockMs = ARGV[1], ARGV[2], ARGV[3]
local completed = base .. 'completed'
local keeping, locks = {}, {}
local scored, settled, gone, remembered, grouped = {}, {}, {}, {}, {}

local function forget(id)
  gone[#gone + 1] = base .. id
  gone[#gone + 1] = base .. id .. ':logs'
end

local function complete(at, lock, holder)
  local id, result = ${field('id')}, ${field('result')}
  local key = base .. id
  -- As owns(), with the lock known: the run and the lock must be ours, or the lock ran out and nobody took the job away.
  local isOurs = (redis.call('HGET', key, 'mqRun') or '') == ${field('run')}
  if isOurs and holder then
    isOurs = holder == token
  elseif isOurs then
    isOurs = redis.call('LPOS', base .. 'active', id) ~= false
  end
  if not isOurs then
    if redis.call('HGET', key, 'finishedOn') == now or goneAmong({ id })[id] then return 2 end
    return 0
  end
  redis.call('LREM', base .. 'active', '-1', id)
  gone[#gone + 1], settled[#settled + 1] = lock, id
  local marks = ${field('marks')}
  if marks ~= '' then
    local isDebounced, group, tenant = string.match(marks, '^(d?)g?([^\\n]*)\\n?(.*)$')
    if isDebounced == 'd' then freeDebounce(id) end
    if group ~= '' or tenant ~= '' then grouped[#grouped + 1] = { id = id, group = group ~= '' and group, tenant = tenant ~= '' and tenant } end
  end
  local keep = keeping[tonumber(${field('keep')})]
  if keep.count == 0 then
    forget(id)
    if ${field('remember')} == '1' then remembered[#remembered + 1] = id end
  else
    redis.call('HSET', key, 'returnvalue', result, 'finishedOn', now)
    scored[#scored + 1] = now
    scored[#scored + 1] = id
    keep.counts = true
  end
  if heard(completed) then
    redis.pcall('PUBLISH', completed, '{"jobId":' .. cjson.encode(id) .. ',"val":' .. cjson.encode(result) .. '}')
  end
  return 1
end

-- Those that completed long ago are remembered for nothing; to read when they did would cost more.
local function forgetAll(ids)
  for _, id in ipairs(ids) do
    forget(id)
    if string.sub(id, 1, 2) == 'm_' then remembered[#remembered + 1] = id end
  end
  return #ids > 0
end

local function keepOnly(count, age)
  if age ~= '' then
    local oldest = tonumber(now) - tonumber(age) * 1000
    if forgetAll(redis.call('ZRANGEBYSCORE', completed, '-inf', oldest)) then
      redis.call('ZREMRANGEBYSCORE', completed, '-inf', oldest)
    end
  end
  if count > 0 and forgetAll(redis.call('ZREVRANGE', completed, count, '-1')) then
    redis.call('ZREMRANGEBYRANK', completed, '0', -(count + 1))
  end
end

local first = 9
for _ = 1, tonumber(ARGV[7]) do
  local keep = ${argumentTable(KEEP_FIELDS)}
  keeping[#keeping + 1] = { count = tonumber(keep.count), age = keep.age }
  first = first + ${KEEP_FIELDS.length}
end
local begun = tonumber(ARGV[8])
-- A call that is sent again does no harm: by then another worker's run may be ahead, but never this one.
if begun > 0 then redis.call('SREM', base .. 'mq:ahead', unpack(ARGV, first, first + begun - 1)) end
first = first + begun
for at = first, #ARGV, ${COMPLETE_FIELDS.length} do locks[#locks + 1] = base .. ${field('id')} .. ':lock' end
local holders, statuses = #locks > 0 and redis.call('MGET', unpack(locks)), {}
for i, lock in ipairs(locks) do statuses[i] = complete(first + (i - 1) * ${COMPLETE_FIELDS.length}, lock, holders[i]) end
-- From here on nothing may fail: the jobs have left active. Those that cannot be listed because of what somebody put there are removed.
if #settled > 0 then redis.pcall('SREM', base .. 'stalled', unpack(settled)) end
local isListed = #scored > 0 and type(redis.pcall('ZADD', completed, unpack(scored))) == 'number'
if #scored > 0 and not isListed then forgetAll(settled) end
for _, keep in ipairs(keeping) do
  if keep.counts and isListed then keepOnly(keep.count, keep.age) end
end
-- Should it fail, the sweep frees them.
for _, job in ipairs(grouped) do pcall(lanes().completed, job) end
if #grouped > 0 then lanes().insertAdmitted() end
rememberGone(remembered)
for from = 1, #gone, 2000 do redis.call('DEL', unpack(gone, from, math.min(from + 1999, #gone))) end
local count = tonumber(ARGV[4])
local hasTaken, taken, phantoms, again, run, expired, wakeIn, closedFor = pcall(takeJobs, count, now, token, lockMs, tonumber(ARGV[6]))
-- Whoever asks next is told.
if not hasTaken then taken, phantoms, again, run, expired = {}, {}, true, '', {} end
if #taken == 0 and not again and ARGV[5] == '1' then redis.pcall('PUBLISH', base .. 'drained', '') end
return { statuses, taken, phantoms, again and 1 or 0, run, expired, wakeIn or false, closedFor or false, count > 0 and #taken == 0 and queueIsPaused() and 1 or 0 }
`,
});
