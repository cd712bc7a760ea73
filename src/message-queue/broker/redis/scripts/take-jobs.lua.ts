import { crashFunctions } from './crash-records.lua.js';
import { luaScript } from './lua-script.js';
import { ownershipFunctions } from './ownership.lua.js';

/**
 * Lua function `takeJobs(count, now, token, lockMs)`: moves up to `count` jobs from `wait` to `active`, locks them and
 * returns two lists: `{ id, hash }` of each job, and the ids of phantoms: entries whose hash has no name and
 * timestamp (Redis evicted or lost it), which are removed and must never count as a success. The field `mqRun` identifies
 * this run: no other take of the job has the same. A job that crashed twice has not begun until
 * {@link beginSuspectScript} runs: until then it has the field `mqHeld`.
 */
export const takeFunctions = `${crashFunctions}
local function takeJobs(count, now, token, lockMs)
  local taken, phantoms, run = {}, {}, nil
  while #taken < count and #phantoms < 100 do
    local id = redis.call('RPOPLPUSH', base .. 'wait', base .. 'active')
    if not id then break end
    redis.call('ZREM', base .. 'priority', id)
    local probe = redis.call('HMGET', base .. id, 'name', 'timestamp', 'mqCrashes')
    if not (probe[1] and probe[2]) then
      redis.call('LREM', base .. 'active', 1, id)
      redis.call('DEL', base .. id)
      phantoms[#phantoms + 1] = id
    else
      redis.call('SET', base .. id .. ':lock', token, 'PX', lockMs)
      run = run or now .. ':' .. redis.call('INCR', base .. 'id') -- a call takes no job twice
      redis.call('HSET', base .. id, 'processedOn', now, 'mqRun', run)
      if crashCount(probe[3]) >= 2 then redis.call('HSET', base .. id, 'mqHeld', 1) end
      redis.call('PUBLISH', base .. 'active@' .. token, id)
      taken[#taken + 1] = { id, redis.call('HGETALL', base .. id) }
    end
  end
  return taken, phantoms
end
`;

/**
 * Takes the next jobs.
 *
 * ARGV: 1 how many · 2 now (ms) · 3 token · 4 lock (ms) · 5 `1` to publish `drained` when there is none.
 * Reply: `[[id, hash]…], [phantom id…]`.
 */
export const takeJobsScript = luaScript('mqTakeJobs', {
  allowOom: true,
  uses: [takeFunctions],
  body: `
local taken, phantoms = takeJobs(tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4])
if #taken == 0 and ARGV[5] == '1' then redis.call('PUBLISH', base .. 'drained', '') end
return { taken, phantoms }
`,
});

/** Marks a suspect as begun. ARGV: 1 token · 2 id · 3 the run (`mqRun`). Reply: 1 begun · 0 not ours any more. */
export const beginSuspectScript = luaScript('mqBeginSuspect', {
  allowOom: true,
  uses: [ownershipFunctions],
  body: `
if not owns(ARGV[2], ARGV[1], ARGV[3]) then return 0 end
redis.call('HDEL', base .. ARGV[2], 'mqHeld')
return 1
`,
});

/**
 * Finds jobs that this worker holds without knowing it: Redis executed a take whose reply was lost.
 *
 * ARGV: 1 token · 2 lock (ms) · 3 how many at most · 4… ids that the worker knows. Reply: `[[id, hash]…]`.
 */
export const adoptJobsScript = luaScript('mqAdoptJobs', {
  allowOom: true,
  body: `
local known = {}
for i = 4, #ARGV do known[ARGV[i]] = true end
local adopted = {}
for _, id in ipairs(redis.call('LRANGE', base .. 'active', 0, -1)) do
  if #adopted >= tonumber(ARGV[3]) then break end
  if not known[id] and redis.call('GET', base .. id .. ':lock') == ARGV[1] then
    redis.call('PEXPIRE', base .. id .. ':lock', ARGV[2])
    adopted[#adopted + 1] = { id, redis.call('HGETALL', base .. id) }
  end
end
return adopted
`,
});
