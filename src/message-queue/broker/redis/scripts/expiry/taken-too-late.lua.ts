import { at } from '../functions/read-job.lua.js';

/** Lua function `isExpired(job, now)`, within a take: whether a job that was popped should have started before now; then it has ended. */
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
`;
