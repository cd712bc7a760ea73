import { endingFunctions } from './ending.lua.js';
import { keyFunctions } from './functions/keys.lua.js';
import { laneFunctions } from './lanes/lane.lua.js';
import { luaScript } from './lua-script.js';

/**
 * Removes jobs that wait, are paused or delayed, and the ledger entries of their idempotency keys.
 *
 * ARGV: 1 how many at most. Reply: how many were removed; when fewer than asked for, none is left.
 */
export const purgeQueueScript = luaScript('mqPurgeQueue', {
  allowOom: true,
  uses: [laneFunctions, endingFunctions, keyFunctions],
  body: `
local limit, removed = tonumber(ARGV[1]), 0

local function drop(id)
  freeKeyOf(id)
  freeDebounce(id)
  redis.call('ZREM', base .. 'priority', id)
  redis.call('ZREM', base .. 'mq:unknown', id)
  redis.call('DEL', base .. id, base .. id .. ':logs')
  removed = removed + 1
end

for _, lane in ipairs(lanesInUse()) do
  local ids = removed < limit and redis.call('RPOP', lane.key, limit - removed) or {}
  for _, id in ipairs(ids) do drop(id) end
  if #ids > 0 then leftLane(lane, #ids) end
end
while removed < limit do
  local id = redis.call('ZRANGE', base .. 'delayed', 0, 0)[1]
  if not id then break end
  redis.call('ZREM', base .. 'delayed', id)
  drop(id)
end
return removed
`,
});
