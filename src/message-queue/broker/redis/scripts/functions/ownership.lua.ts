/**
 * Lua functions about who owns an active job.
 *
 * - `owns(id, token, run)`: whether the worker with this token may settle this run of the job: it holds the lock, or the
 *   lock expired but nobody has taken the job (it is still in `active`). The token alone is not enough: the same worker
 *   may have taken the job again before a call that was sent twice arrives; `run` is the take's `mqRun`.
 * - `letGo(id, run)`: removes the job from `active`, its lock and its marks: the run, taken ahead, possibly stalled. Returns how many
 *   entries of `active` there were.
 */
export const ownershipFunctions = `
local function owns(id, token, run)
  if (redis.call('HGET', base .. id, 'mqRun') or '') ~= run then return false end
  local holder = redis.call('GET', base .. id .. ':lock')
  if holder then return holder == token end
  return redis.call('LPOS', base .. 'active', id) ~= false
end

local function letGo(id, run)
  redis.call('DEL', base .. id .. ':lock')
  redis.call('HDEL', base .. id, 'mqRun', 'mqHeld')
  redis.call('SREM', base .. 'mq:ahead', run .. ' ' .. id)
  redis.call('SREM', base .. 'stalled', id)
  return redis.call('LREM', base .. 'active', -1, id)
end
`;
