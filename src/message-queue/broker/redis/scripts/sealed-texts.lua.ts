import { placeFunctions } from './functions/place.lua.js';
import { luaScript } from './lua-script.js';

/**
 * Reads which jobs of a list or a sorted set hold sealed texts, beginning where the newest arrive: what leaves at the other end moves no other.
 *
 * ARGV: 1 `LRANGE` or `ZREVRANGE` · 2 the key, behind the base key · 3 first position · 4 how many at most · 5 bytes after which it ends early.
 * Reply: `[how many were looked at, [[id, name, data, progress, returnvalue, opts]…]]`, with null for a field without a
 * sealed text, and for options without failures.
 */
export const readTextsScript = luaScript('mqReadTexts', {
  readsOnly: true,
  uses: [placeFunctions],
  body: `
local first, bytes, seen, jobs = tonumber(ARGV[3]), 0, 0, {}
for _, id in ipairs(idsAt(ARGV[1], ARGV[2], first, first + tonumber(ARGV[4]) - 1)) do
  if bytes >= tonumber(ARGV[5]) then break end
  seen = seen + 1
  local texts, holds = redis.pcall('HMGET', base .. id, 'name', 'data', 'progress', 'returnvalue', 'opts'), false
  for i = 2, texts.err and 1 or 5 do
    local mark = i == 5 and '"failures":[' or '"mq:sealed"'
    texts[i] = texts[i] and string.find(texts[i], mark, 1, true) and texts[i] or false
    if texts[i] then holds, bytes = true, bytes + #texts[i] end
  end
  if holds then jobs[#jobs + 1] = { id, unpack(texts, 1, 5) } end
end
return { seen, jobs }
`,
});

/**
 * Replaces texts within fields of hashes, where they still stand, unless the hash is that of an active job: its worker has read it.
 *
 * ARGV: for each the hash, behind the base key, the field, the text, the one that takes its place. Reply for each: 1 replaced · 0 not.
 */
export const replaceTextsScript = luaScript('mqReplaceTexts', {
  allowOom: true,
  body: `
local active, outcomes = {}, {}
for _, id in ipairs(redis.call('LRANGE', base .. 'active', 0, -1)) do active[id] = true end

local function replace(name, field, was, is)
  local text = not active[name] and redis.pcall('HGET', base .. name, field)
  local at = type(text) == 'string' and string.find(text, was, 1, true)
  if not at then return 0 end
  redis.call('HSET', base .. name, field, string.sub(text, 1, at - 1) .. is .. string.sub(text, at + #was))
  return 1
end

for i = 1, #ARGV, 4 do outcomes[#outcomes + 1] = replace(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) end
return outcomes
`,
});
