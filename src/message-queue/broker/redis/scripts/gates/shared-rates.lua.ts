import { rateFunctions } from '../functions/rates.lua.js';
import { luaScript } from '../lua-script.js';

/** ARGV 1 to 4: limit · perMs · burst · now (ms), where the server keeps its time from scripts. */
const rateOfArguments = `
local rate = { limit = tonumber(ARGV[1]), perMs = tonumber(ARGV[2]), burst = tonumber(ARGV[3]) }
local otherwise = tonumber(ARGV[4])
`;

/**
 * A job asks for a start of a shared rate. The base key is the rate's bucket; beside it stand `:line`, when the next one to reserve a start
 * may have it and the time between two of them (µs), and `:of:<id>`, the start that a job has reserved. Both expire. The arithmetic is
 * that of `jobs/flow/reserved-start.ts`, where the memory provider has it from.
 *
 * ARGV: 1 to 4 as above · 5 the job's id · 6 how long a reserved start is known after its time (ms).
 * Reply: 0 when it starts now, else the milliseconds until it is to ask again, from 1.
 */
export const reserveStartScript = luaScript('mqReserveStart', {
  allowOom: true,
  uses: [rateFunctions, rateOfArguments],
  body: `
local ownKey, lineKey = base .. ':of:' .. ARGV[5], base .. ':line'
local bucket = bucketOf(base, rate, otherwise)
local now, step = ratesNow, costOf(rate, 1)

local function textOf(key)
  local text = redis.pcall('GET', key)
  return type(text) == 'string' and text or ''
end

local function keep(key, text, ms)
  redis.call('SET', key, text, 'PX', string.format('%.0f', math.max(1, ms)))
end

local function endOfLine()
  local stored, before = string.match(textOf(lineKey), '^(%d+) (%d+)$')
  stored, before = tonumber(stored), tonumber(before)
  if not stored or stored <= now then return now end
  return now + math.ceil((stored - now) * step / before)
end

local function wait(at)
  wantRate(bucket)
  storeRates()
  return math.max(1, math.ceil((at - now) / 1000))
end

local own, lineEnd = tonumber(textOf(ownKey)), endOfLine()
if own and own > now and not (bucket.isClosed and own < bucket.next) then return wait(own) end
if bucket.free > 0 and (own or lineEnd <= now) then
  spendRate(bucket, 1)
  if lineEnd > now then wantRate(bucket) end
  storeRates()
  if own then redis.call('DEL', ownKey) end
  return 0
end
if own and not bucket.isClosed and now - own <= step then return wait(bucket.next) end
local at = math.max(bucket.next, lineEnd)
keep(ownKey, string.format('%.0f', at), math.ceil((at - now) / 1000) + tonumber(ARGV[6]))
keep(lineKey, string.format('%.0f %.0f', at + step, step), math.ceil((at + step - now) / 1000))
return wait(at)
`,
});

/** Closes the bucket that is the base key. ARGV: 1 to 4 as above · 5 for how long (ms). */
export const closeSharedRateScript = luaScript('mqCloseSharedRate', {
  allowOom: true,
  uses: [rateFunctions, rateOfArguments],
  body: `closeRate(base, tonumber(ARGV[5]), rate, otherwise)`,
});
