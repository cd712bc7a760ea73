/** For how long what a call did is known, seconds: a client that lost the connection has sent the call again by then. */
const KEPT_SECONDS = 60;
/** What is kept under one id at most: a worker's takes share one. */
const MOST_KEPT = 100;

/**
 * Lua functions about jobs that are ended outside a run. Whoever ends them tells of it by the answer; when that is lost, the client sends
 * the call again, which finds nothing left to end. So each call brings an id of its own, and what it did stands in the list
 * `mq:reply:<id>` for a minute. No payload is kept, nor what a job's record says of failures: what is erased must not live on there.
 *
 * - `keepReply(call, reply)`: keeps it; only for a call that ended something.
 * - `keptReplies(call)`: what was kept, the oldest first.
 * - `outlineOf(job)`: what may be kept of `[id, name, data, opts, attemptsMade, timestamp, priority]`.
 * - `filledIn(jobs)`: gives such jobs back what is still stored of them.
 */
export const replyFunctions = `
local function keepReply(call, reply)
  local key = base .. 'mq:reply:' .. call
  redis.pcall('RPUSH', key, cjson.encode(reply))
  redis.pcall('LTRIM', key, ${-MOST_KEPT}, -1)
  redis.pcall('EXPIRE', key, ${KEPT_SECONDS})
end

local function keptReplies(call)
  local replies = {}
  for i, text in ipairs(redis.pcall('LRANGE', base .. 'mq:reply:' .. call, 0, -1)) do replies[i] = cjson.decode(text) end
  return replies
end

local function outlineOf(job)
  local isRead, options = pcall(cjson.decode, job[4] or '')
  local kept = {}
  if isRead and type(options) == 'table' then
    kept['repeat'] = options['repeat']
    if type(options.mq) == 'table' then kept.mq = { correlationId = options.mq.correlationId } end
  end
  return { job[1], job[2], false, cjson.encode(kept), job[5], job[6], job[7] }
end

local function filledIn(jobs)
  for _, job in ipairs(jobs) do
    local stored = redis.pcall('HMGET', base .. job[1], 'data', 'opts', 'timestamp')
    -- Its id may have been used again.
    if stored[2] and stored[3] == job[6] then job[3], job[4] = stored[1], stored[2] end
  end
  return jobs
end
`;
