import { at } from '../functions/read-job.lua.js';

/**
 * Lua functions within a take.
 *
 * - `isExpired(job, now)`: whether a job that was popped should have started before now; then it has ended.
 * - `keepExpired(jobs, token, run)`: keeps those that a take ended, for the worker's search for lost answers. A take that is sent again takes
 *   others, and shares with those before it all that would tell it from them: so the replies are the worker's, and each job says its run.
 */
export const takenTooLate = `
-- How one ends that is to be cancelled or erased is decided.
local function isExpired(job, now)
  if job[${at('mqCancel')}] or job[${at('mqErased')}] or not expiry().isTooLate(job[${at('mqExpires')}], now) then return false end
  local id = job[${at('id')}]
  redis.call('LREM', base .. 'active', 1, id)
  -- As whatever leaves before it ran: the others of a batch that it was to lead have waited long enough.
  if job[${at('mqGroup')}] or job[${at('mqTenant')}] then lanes().leave(id) end
  expiry().endAsExpired(id, now)
  return true
end

local function keepExpired(jobs, token, run)
  local outlines = {}
  for i, job in ipairs(jobs) do
    outlines[i] = expiry().outlineOf({ job[${at('id')}], job[${at('name')}] or false, false, job[${at('opts')}] or false, job[${at('attemptsMade')}] or false, job[${at('timestamp')}] or false, job[${at('priority')}] or false })
    outlines[i][8] = run
  end
  expiry().keepReply(token, outlines)
end
`;
