import { placeFunctions } from './functions/place.lua.js';
import { luaScript } from './lua-script.js';

/**
 * Reads which jobs of a list or a sorted set hold a text in their payload, beginning where the newest arrive: what leaves at the other end
 * moves no other.
 *
 * ARGV: 1 `LRANGE` or `ZREVRANGE` · 2 the key, behind the base key · 3 first position · 4 how many at most · 5 bytes of payloads after which
 * it ends early · 6… the texts. Reply: `[how many were looked at, [[id, name, data]…]]`.
 */
export const scanJobsScript = luaScript('mqScanJobs', {
  readsOnly: true,
  uses: [placeFunctions],
  body: `
local first, bytes, seen, jobs = tonumber(ARGV[3]), 0, 0, {}

local function holdsText(data)
  for i = 6, #ARGV do
    if string.find(data, ARGV[i], 1, true) then return true end
  end
  return false
end

for _, id in ipairs(idsAt(ARGV[1], ARGV[2], first, first + tonumber(ARGV[4]) - 1)) do
  if bytes >= tonumber(ARGV[5]) then break end
  seen = seen + 1
  local job = redis.pcall('HMGET', base .. id, 'name', 'data')
  local data = not job.err and job[2]
  if data then
    bytes = bytes + #data
    if holdsText(data) then jobs[#jobs + 1] = { id, job[1] or '', data } end
  end
end
return { seen, jobs }
`,
});
