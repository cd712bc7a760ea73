/**
 * Lua functions about who owns an active job.
 *
 * - `owns(id, token, run)`: whether the worker with this token may settle this run of the job: it holds the lock, or the
 *   lock expired but nobody has taken the job (it is still in `active`). The token alone is not enough: the same worker
 *   may have taken the job again before a call that was sent twice arrives; `run` is the take's `mqRun`.
 * - `letGo(id)`: removes the job from `active`, its lock and its mark as possibly stalled.
 */
export const ownershipFunctions = `
local function owns(id, token, run)
  if (redis.call('HGET', base .. id, 'mqRun') or '') ~= run then return false end
  local holder = redis.call('GET', base .. id .. ':lock')
  if holder then return holder == token end
  return redis.call('LPOS', base .. 'active', id) ~= false
end

local function letGo(id)
  redis.call('DEL', base .. id .. ':lock')
  redis.call('SREM', base .. 'stalled', id)
  return redis.call('LREM', base .. 'active', -1, id)
end
`;
