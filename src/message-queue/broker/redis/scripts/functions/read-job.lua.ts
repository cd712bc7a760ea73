/** The fields that a job has when it was added and nothing else happened to it. */
const FIRST_FIELDS = ['name', 'timestamp', 'data', 'opts', 'priority'] as const;

/** All others that Bull's job and we read. */
const LATER_FIELDS = [
  ...['mqGroup', 'mqTenant', 'mqExpires'],
  ...['processedOn', 'mqRun', 'mqHeld', 'mqCrashes', 'mqCancel', 'attemptsMade', 'stacktrace'],
  ...[
    'failedReason',
    'returnvalue',
    'progress',
    'delay',
    'deid',
    'finishedOn',
    'retriedOn',
    'mqUnknown',
    'mqErased',
    'mqWaits',
    'mqDue',
  ],
] as const;

/**
 * The values of a taken job in the replies. A job that has none of the later fields is sent without them: they are left out
 * after its id.
 */
export const TAKEN_FIELDS = [...FIRST_FIELDS, 'id', ...LATER_FIELDS] as const;

/** Position of a field in the replies, from 1. */
export function at(field: (typeof TAKEN_FIELDS)[number]): number {
  return TAKEN_FIELDS.indexOf(field) + 1;
}

function quoted(fields: readonly string[]): string {
  return fields.map((field) => `'${field}'`).join(', ');
}

/** Lua function `readJob(id)`: the {@link TAKEN_FIELDS} of a job, its priority unless its tenant decides where it stands, and its tenant. */
export const readFunctions = `
local function readJob(id)
  local key = base .. id
  local job = redis.pcall('HMGET', key, ${quoted(FIRST_FIELDS)})
  if job.err then return { [${at('id')}] = id } end
  local found = 0
  for i = 1, ${FIRST_FIELDS.length} do
    if job[i] then found = found + 1 end
  end
  job[${at('id')}] = id
  local others = redis.call('HLEN', key) - found
  if others > 0 then
    -- That a job has groups and nothing else is usual.
    local groups = redis.call('HMGET', key, 'mqGroup', 'mqTenant')
    if groups[1] then others = others - 1 end
    if groups[2] then others = others - 1 end
    if others > 0 then
      for i, value in ipairs(redis.call('HMGET', key, ${quoted(LATER_FIELDS)})) do job[${at('id')} + i] = value end
    else
      job[${at('mqGroup')}], job[${at('mqTenant')}] = groups[1], groups[2]
    end
  end
  return job, not job[${at('mqTenant')}] and job[${at('priority')}], job[${at('mqTenant')}]
end
`;
