/**
 * Lua functions about rates: how many jobs may start now. A bucket is a string of one number: when the next job may start, microseconds
 * since the epoch by the server's clock; a negative one says that somebody closed it until then. It expires when it is full, and a
 * little later while a job waits for it: that is all that tells a late timer, which may be caught up with, from a rest, which earns nothing.
 * The arithmetic is that of `jobs/flow/rate-bucket.ts`, where the memory provider has it from.
 *
 * Each bucket is read and written at most once in a call, however many jobs ask: what was spent is stored by `storeRates()`.
 *
 * - `lookAtRate(stored, now, rate)`: when the next job may start, how many may now, and whether somebody closed the bucket. `rate` is
 *   `{ limit, perMs, burst }`.
 * - `bucketOf(key, rate, otherwise)`: a bucket in this call: `free` jobs may start now; where that is 0, it opens at `next`. `otherwise` is
 *   the time (ms) where the server keeps its own from scripts.
 * - `spendRate(bucket, count)`: so many of the free ones start.
 * - `wantRate(bucket)`: a job waits for it.
 * - `storeRates()`: to be called once, after all of these.
 * - `closeRate(key, ms, rate, otherwise)`: closes a bucket for so long, never for shorter than it is closed already. Stored at once.
 */
export const rateFunctions = `
local CATCH_UP_US = 50000
local ratesNow, buckets = nil, {}

-- Rounded up: in whole numbers no start comes too early.
local function costOf(rate, starts)
  return math.ceil(starts * rate.perMs * 1000 / rate.limit)
end

local function lookAtRate(stored, now, rate)
  local burst, at = rate.burst or 1, tonumber(stored)
  if not at then return now - costOf(rate, burst - 1), burst, false end
  if at < 0 and now < -at then return -at, 0, true end
  local latest, earliest = now + costOf(rate, 1), now - costOf(rate, burst - 1) - CATCH_UP_US
  local next = math.max(earliest, math.min(latest, math.abs(at)))
  if next > now then return next, 0, false end
  return next, math.floor((now - next) * rate.limit / (rate.perMs * 1000)) + 1, false
end

local function microsNow(otherwise)
  if ratesNow then return ratesNow end
  local time = redis.pcall('TIME')
  ratesNow = time.err and otherwise * 1000 or time[1] * 1000000 + time[2]
  return ratesNow
end

local function bucketOf(key, rate, otherwise)
  local bucket = buckets[key]
  if bucket then return bucket end
  local stored = redis.pcall('GET', key)
  bucket = { key = key, rate = rate, spent = 0, isWanted = false }
  bucket.next, bucket.free, bucket.isClosed = lookAtRate(type(stored) == 'string' and stored, microsNow(otherwise), rate)
  buckets[key], buckets[#buckets + 1] = bucket, bucket
  return bucket
end

local function spendRate(bucket, count)
  bucket.spent, bucket.free = bucket.spent + count, bucket.free - count
end

local function wantRate(bucket)
  bucket.isWanted = true
end

local function storeRate(bucket)
  local next = bucket.next + costOf(bucket.rate, bucket.spent)
  local rests = next + costOf(bucket.rate, (bucket.rate.burst or 1) - 1) + (bucket.isWanted and CATCH_UP_US or 0)
  local text = string.format('%.0f', bucket.isClosed and -next or next)
  redis.call('SET', bucket.key, text, 'PX', string.format('%.0f', math.ceil((rests - ratesNow) / 1000)))
  bucket.next, bucket.spent = next, 0
end

local function storeRates()
  for _, bucket in ipairs(buckets) do
    if bucket.spent > 0 or bucket.isWanted then storeRate(bucket) end
  end
end

local function closeRate(key, ms, rate, otherwise)
  local bucket = bucketOf(key, rate, otherwise)
  bucket.next = math.max(bucket.next, ratesNow + math.ceil(ms * 1000))
  bucket.free, bucket.isClosed, bucket.isWanted = 0, true, true
  storeRate(bucket)
end
`;
