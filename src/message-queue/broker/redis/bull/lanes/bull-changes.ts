/** What of a script of Bull becomes what. */
export interface Change {
  /** Lua expression of the queue's base key. */
  readonly base: string;
  readonly replace: readonly (readonly [bulls: string, ours: string])[];
}

const fromWait = (key: number): string => `string.match(KEYS[${key}], '^(.*:)')`;

const ADD_BY_PRIORITY = (push: string, id: string, priorityKey: number): string =>
  `if priority == 0 then
    -- LIFO or FIFO
    rcall(${push}, target, ${id})
  else
    addJobWithPriority(KEYS[${priorityKey}], priority, ${id}, target)
  end`;

export const LET_WAIT = `local function letWaitAs(push, id, level)
  if push == 'RPUSH' and level == 0 then return letWaitFirst({ id }, LIFO) end
  letWait({ id }, level)
end

local function letReplayAll(ids)
  local plain = {}
  for _, id in ipairs(ids) do
    if not letReplay(id) then plain[#plain + 1] = id end
  end
  if #plain > 0 then letWait(plain, 0) end
  endGates()
end
`;

const NEXT_JOB = `takeWaiting(1, function(id)
  local stored = redis.call('HMGET', base .. id, 'priority', 'mqTenant')
  return id, not stored[2] and stored[1]
end)[1]`;

const CLEAN_WAITING = `if setName == "wait" or setName == "paused" then
  local removed, before = {}, tonumber(ARGV[2])
  if (setName == "paused") ~= isPaused() then return removed end
  local limit = math.max(0, tonumber(ARGV[3]))
  local function isRemovable(jobId)
    local jobKey = base .. jobId
    if rcall("EXISTS", jobKey .. ":lock") == 1 then return false end
    local times = rcall("HMGET", jobKey, "finishedOn", "processedOn", "timestamp")
    local at = tonumber(times[1] or times[2] or times[3] or 0)
    return at < before
  end
  local held = heldToRemove(limit == 0 and heldJobs() or limit)
  cleanWaiting(limit, isRemovable, removed)
  for _, jobId in ipairs(held) do
    if (limit == 0 or #removed < limit) and isRemovable(jobId) then
      leaveGroups(jobId)
      removed[#removed + 1] = jobId
    end
  end
  for _, jobId in ipairs(removed) do
    leaveGroups(jobId)
    removeDebounceKey(base, base .. jobId)
    rcall("ZREM", base .. "priority", jobId)
    rcall("DEL", base .. jobId, base .. jobId .. ":logs")
  end
  endGates()
  return removed
end
`;

const OBLITERATE_LANES = `rcall('DEL', base .. 'mq:ahead', base .. 'mq:dead', base .. 'mq:dead:pass', base .. 'mq:schedules')
local held = heldToRemove(maxCount)
removeJobs(baseKey, held)
endGates()
if maxCount > 0 then removeZSetJobs(base .. 'mq:expired', maxCount) end
for _, lane in ipairs(lanesInUse()) do
  if maxCount > 0 then
    local jobs = rcall('RPOP', lane.key, maxCount) or {}
    removeJobs(baseKey, jobs)
    if #jobs > 0 then leftLane(lane, #jobs) end
  end
end
endGates()`;

// The policy stays: it is what workers say, not what jobs left, and those that run say it only when they start.
const OBLITERATE_GROUPS = `for _, name in ipairs({ 'place', 'held', 'groups', 'set', 'parked', 'wake', 'flow:figures', 'expires' }) do
  rcall('DEL', base .. 'mq:' .. name)
end`;

/** Bull's scripts that read or change waiting jobs, but for those that only its own worker uses. */
export const CHANGES: Readonly<Record<string, Change>> = {
  'moveToActive-8': { base: 'ARGV[1]', replace: [['rcall("RPOPLPUSH", KEYS[1], KEYS[2])', NEXT_JOB]] },
  'moveToFinished-9': { base: 'ARGV[9]', replace: [['rcall("RPOPLPUSH", KEYS[4], KEYS[1])', NEXT_JOB]] },
  'promote-5': {
    base: 'ARGV[1]',
    replace: [
      ['local priority = tonumber(rcall("HGET", ARGV[1] .. jobId, "priority")) or 0', ''],
      [
        ADD_BY_PRIORITY('"LPUSH"', 'jobId', 5),
        "if not letDue(jobId) then letWait({ jobId }, levelOf(rcall('HGET', ARGV[1] .. jobId, 'priority'))) end\nendGates()",
      ],
    ],
  },
  'retryJob-7': {
    base: fromWait(2),
    replace: [
      ['local priority = tonumber(rcall("HGET", KEYS[3], "priority")) or 0', ''],
      [
        ADD_BY_PRIORITY('ARGV[1]', 'ARGV[2]', 7),
        "if not letRetry(ARGV[2]) then letWaitAs(ARGV[1], ARGV[2], levelOf(rcall('HGET', KEYS[3], 'priority'))) end\nendGates()",
      ],
    ],
  },
  // Behind all that wait, whatever their priority; LIFO jobs before all.
  'reprocessJob-6': {
    base: fromWait(4),
    replace: [
      [
        'rcall(ARGV[2], target, ARGV[1])',
        'if not letReplay(ARGV[1]) then letWaitAs(ARGV[2], ARGV[1], 0) end\nendGates()',
      ],
    ],
  },
  'retryJobs-5': {
    base: 'KEYS[1]',
    replace: [['rcall("LPUSH", target, unpack(jobs, from, to))', 'letReplayAll({ unpack(jobs, from, to) })']],
  },
  'removeJob-11': {
    base: 'KEYS[11]',
    replace: [
      ['rcall("LREM", KEYS[2], 0, jobId)', 'takeOut(jobId)\nendGates()'],
      ['rcall("LREM", KEYS[4], 0, jobId)', ''],
    ],
  },
  'removeJobs-8': {
    base: 'ARGV[1]',
    replace: [
      // What we keep beside the jobs matches a pattern such as `*` too.
      [
        'keyTypeResp["ok"] == "hash" then',
        'keyTypeResp["ok"] == "hash" and string.sub(jobKey, prefixLen, prefixLen + 2) ~= "mq:" then',
      ],
      ['rcall("LREM", KEYS[2], 0, jobId)', 'takeOut(jobId)\nendGates()'],
      ['rcall("LREM", KEYS[4], 0, jobId)', ''],
    ],
  },
  'cleanJobsInSet-3': {
    base: 'ARGV[1]',
    replace: [
      [
        'rcall("ZREM", priorityKey, jobId)',
        'rcall("ZREM", priorityKey, jobId)\nleaveGroups(jobId, setName == "delayed")',
      ],
      ['return deleted', 'endGates()\nreturn deleted'],
      ['local function shouldUseZRangeByScore(', `${CLEAN_WAITING}local function shouldUseZRangeByScore(`],
    ],
  },
  'isJobInList-1': {
    base: fromWait(1),
    replace: [
      [
        'local items =',
        `if KEYS[1] == waitKey or KEYS[1] == pausedKey then
  if (KEYS[1] == pausedKey) == isPaused() and (isJobWaiting(ARGV[1]) or isHeldJob(ARGV[1])) then return 1 end
  return nil
end
local items =`,
      ],
    ],
  },
  'getCountsPerPriority-4': {
    base: fromWait(1),
    replace: [
      [
        'for i = 1, #ARGV do',
        `sortIn()
for i = 1, #ARGV do
  results[#results + 1] = waitingAt(levelOf(ARGV[i]))
end
for i = 1, 0 do`,
      ],
    ],
  },
  'obliterate-2': {
    base: 'KEYS[2]',
    replace: [
      ['removeListJobs(waitKey, maxCount)', OBLITERATE_LANES],
      [
        'rcall("DEL", jobKey, jobKey .. \':logs\')',
        'leaveGroups(key)\nrcall("DEL", jobKey, jobKey .. \':logs\')',
      ],
      ['rcall("DEL", baseKey .. \'meta\')', `rcall("DEL", baseKey .. 'meta')\n${OBLITERATE_GROUPS}`],
    ],
  },
};
