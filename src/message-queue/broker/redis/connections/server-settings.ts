import { Cluster } from 'ioredis';
import type { Redis } from 'ioredis';
import type { RedisClient } from '../../../../kernel/redis/redis-client.js';
import type { RedisGuarantee } from '../../../../kernel/redis/redis-guarantee.js';
import type { ServerFinding } from '../../broker.js';

const HOW_TO_GUARANTEE = (what: RedisGuarantee): string =>
  `or, if it is so, say it: REDIS_GUARANTEES=${what} (redisGuarantees)`;

/**
 * What the settings of a server say about its fitness. Eviction and persistence are read from `INFO`, which a managed Redis
 * allows where it forbids `CONFIG`; what neither tells is a warning, unless the operator guarantees it.
 */
export async function settingFindings(
  client: RedisClient,
  version: readonly [number, number] | null,
  guarantees: readonly RedisGuarantee[],
): Promise<ServerFinding[]> {
  const node: Redis | Cluster = client instanceof Cluster ? (client.nodes('master')[0] ?? client) : client;
  const [memory, persistence] = await Promise.all([infoOf(node, 'memory'), infoOf(node, 'persistence')]);
  const policy = memory('maxmemory_policy') ?? (await configOf(node, 'maxmemory-policy'));
  const aof = persistence('aof_enabled') ?? asFlag(await configOf(node, 'appendonly'));
  return [
    ...(guarantees.includes('version') ? [] : versionFindings(version)),
    ...policyFindings(policy, guarantees),
    ...(guarantees.includes('persistence')
      ? []
      : persistenceFindings(aof, aof === '1' ? null : await snapshotsOf(node, persistence))),
  ];
}

function versionFindings(version: readonly [number, number] | null): ServerFinding[] {
  if (version === null) {
    const why = 'Redis does not report its version (INFO is forbidden): 6.2 or later is needed. Allow INFO';
    return [warning(`${why}, ${HOW_TO_GUARANTEE('version')}.`)];
  }
  const [major, minor] = version;
  if (major > 6 || (major === 6 && minor >= 2)) return [];
  return [fatal(`Redis ${major}.${minor} is too old: 6.2 or later is needed.`)];
}

function policyFindings(policy: string | null, guarantees: readonly RedisGuarantee[]): ServerFinding[] {
  if (policy === 'noeviction') return [];
  if (policy !== null) {
    const how = 'CONFIG SET maxmemory-policy noeviction, or the parameter of that name of a managed Redis';
    return [fatal(`maxmemory-policy is ${policy}: Redis would delete jobs when it is full. Set: ${how}`)];
  }
  if (guarantees.includes('noeviction')) return [];
  const why =
    'Redis does not report its maxmemory-policy (INFO and CONFIG are forbidden): it must be noeviction. Allow INFO';
  return [warning(`${why}, ${HOW_TO_GUARANTEE('noeviction')}.`)];
}

/** How far snapshots are taken: by settings, by what happened since the start, or nobody knows. */
type Snapshots = 'taken' | 'off' | 'unknown';

function persistenceFindings(aof: string | null, snapshots: Snapshots | null): ServerFinding[] {
  if (aof === '1') return [];
  const guarantee = HOW_TO_GUARANTEE('persistence');
  if (aof === null) {
    const why =
      'Redis does not report whether it persists (INFO and CONFIG are forbidden): AOF must be on. Allow INFO';
    return [warning(`${why}, ${guarantee}.`)];
  }
  const on = 'Set: CONFIG SET appendonly yes, with appendfsync everysec or always';
  if (snapshots === 'off') {
    return [fatal(`Redis keeps nothing on disk: a restart loses every job. ${on}; ${guarantee}.`)];
  }
  const lost =
    snapshots === 'taken'
      ? 'Redis keeps snapshots only'
      : 'AOF is off, and Redis does not report whether it takes snapshots';
  return [warning(`${lost}: a crash loses the jobs since the last one. ${on}; ${guarantee}.`)];
}

async function snapshotsOf(
  node: Redis | Cluster,
  persistence: (field: string) => string | null,
): Promise<Snapshots> {
  const save = await configOf(node, 'save');
  if (save !== null) return save === '' ? 'off' : 'taken';
  const [last, count] = [persistence('rdb_last_bgsave_time_sec'), persistence('rdb_saves')];
  return Number(last ?? -1) >= 0 || Number(count ?? 0) > 0 ? 'taken' : 'unknown';
}

/** @returns reads a field of a section of `INFO`; null when there is none, or `INFO` is forbidden */
async function infoOf(node: Redis | Cluster, section: string): Promise<(field: string) => string | null> {
  const info = await node.info(section).catch(() => '');
  return (field) => new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}

/** @returns null when `CONFIG` is forbidden */
async function configOf(node: Redis | Cluster, name: string): Promise<string | null> {
  const reply = await (node.config('GET', name) as Promise<string[]>).catch(() => null);
  return reply?.[1] ?? null;
}

function asFlag(config: string | null): string | null {
  return config === null ? null : config === 'yes' ? '1' : '0';
}

const warning = (message: string): ServerFinding => ({ severity: 'warning', about: 'setting', message });
const fatal = (message: string): ServerFinding => ({ severity: 'fatal', about: 'setting', message });
