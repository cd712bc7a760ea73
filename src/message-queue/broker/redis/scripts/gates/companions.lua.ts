import { at, TAKEN_FIELDS } from '../functions/read-job.lua.js';

/**
 * Lua function `takeCompanions(job, now, run, token, lockMs, inCall, expired)`, within those that take jobs: takes the others of the batch that a job leads which
 * was just taken. They come behind its fields, as a list. One that crashed twice stays where it is, and one that leads does so alone.
 */
export const companionFunctions = `
local function takeCompanions(job, now, run, token, lockMs, inCall, expired)
  local batch = lanes().batchOf(job[${at('mqGroup')}] or nil)
  if not batch or job[${at('mqHeld')}] == 'suspect' then return end
  local name, companions, skipped = job[${at('mqGroup')}], {}, 0
  while #companions < batch.size - 1 and skipped < 1000 do
    local ids = lanes().heldIn(name, skipped, batch.size - 1 - #companions)
    if #ids == 0 then break end
    for _, id in ipairs(ids) do
      local other = readJob(id)
      local isThere = other[${at('name')}] and other[${at('timestamp')}] and not inCall[id]
      if isThere and other[${at('mqCrashes')}] and crashCount(other[${at('mqCrashes')}]) >= 2 then
        skipped = skipped + 1
      elseif not isThere then
        lanes().dropHeld(name, id)
      elseif other[${at('mqExpires')}] and expiry().isTooLate(other[${at('mqExpires')}], now) and not other[${at('mqCancel')}] then
        lanes().dropHeld(name, id)
        if isExpired(other, now) then expired[#expired + 1] = other end
      else
        lanes().letAlong(name, id, other[${at('mqTenant')}])
        redis.call('LPUSH', base .. 'active', id)
        begin(other, now, run, token, lockMs)
        companions[#companions + 1], inCall[id] = other, true
        redis.pcall('PUBLISH', base .. 'active@' .. token, id)
      end
    end
  end
  if #companions == 0 then return end
  lanes().forgetIfIdle(name)
  for i = 1, ${TAKEN_FIELDS.length} do job[i] = job[i] or false end
  job[${TAKEN_FIELDS.length + 1}] = companions
end
`;
