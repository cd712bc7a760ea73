import { luaScript } from '../lua-script.js';

/**
 * Takes or renews the lease of whoever evaluates alerts. Base key: `prefix:{ops}:`.
 *
 * ARGV: 1 id of the process · 2 length of the lease (ms). Reply: 1 when it holds the lease now.
 */
export const holdLeadershipScript = luaScript('mqHoldLeadership', {
  allowOom: true,
  body: `
local holder = redis.call('GET', base .. 'leader')
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', base .. 'leader', ARGV[1], 'PX', ARGV[2])
return 1
`,
});

/** Gives the lease up. ARGV: 1 id of the process. Reply: 1 when it had it. */
export const giveUpLeadershipScript = luaScript('mqGiveUpLeadership', {
  allowOom: true,
  body: `
if redis.call('GET', base .. 'leader') ~= ARGV[1] then return 0 end
return redis.call('DEL', base .. 'leader')
`,
});

/**
 * Stores the state of an alert unless somebody else has moved it.
 *
 * ARGV: 1 field of the alert · 2 version that is expected, 0 for none · 3 state (JSON). Reply: 1 when it was stored.
 */
export const moveAlertScript = luaScript('mqMoveAlert', {
  allowOom: true,
  body: `
local stored = redis.call('HGET', base .. 'alerts', ARGV[1])
local succeeded, alert = pcall(cjson.decode, stored or '{}')
local version = succeeded and type(alert) == 'table' and tonumber(alert.version) or 0
if version ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', base .. 'alerts', ARGV[1], ARGV[3])
return 1
`,
});
