import type { Issue } from '../../kernel/errors.js';
import type { RedisSettings, RedisTopology } from '../message-queue.options.js';
import type { SettingKey, SettingValues } from './configuration-schema.js';
import { resolveTls } from './redis-tls.js';

/** Where a value came from: as the host knows it (variable or option path), or null for a default. */
export type Origins = Readonly<Partial<Record<SettingKey, string>>>;

const DEFAULT_HOST = '127.0.0.1';

/** Whether anything says where Redis is. */
export function saysWhereRedisIs(origins: Origins): boolean {
  return PLACES.some((key) => origins[key] !== undefined);
}

/** The options of which only one may say where Redis is. */
export const PLACES = ['redis.url', 'redis.host', 'redis.sentinels'] as const satisfies readonly SettingKey[];

/** Puts the Redis settings together; contradictions go to `issues`. */
export function resolveRedis(values: SettingValues, origins: Origins, issues: Issue[]): RedisSettings {
  const url = values['redis.url'];
  const places = PLACES.flatMap((key) => origins[key] ?? []);
  if (places.length > 1) {
    issues.push({ path: places.join(' and '), message: 'each say where Redis is; keep one of them.' });
  }
  const topology = resolveTopology(values, origins, issues);
  const db = agreed('redis.db', url?.db, values, origins, issues) ?? 0;
  if (topology.kind === 'cluster' && db !== 0) {
    issues.push({
      path: origins['redis.db'] ?? 'redis.db',
      message: `is ${db}; a Cluster has only database 0.`,
    });
  }
  const tls = agreed('redis.tls', url?.tls === true ? true : undefined, values, origins, issues) ?? false;
  return Object.freeze({
    topology: Object.freeze(topology),
    username: agreed('redis.username', url?.username, values, origins, issues) ?? undefined,
    password: agreed('redis.password', url?.password, values, origins, issues) ?? undefined,
    db,
    tls: resolveTls(tls, values, origins, issues),
  });
}

function resolveTopology(values: SettingValues, origins: Origins, issues: Issue[]): RedisTopology {
  const sentinels = values['redis.sentinels'];
  const masterName = values['redis.sentinelName'];
  if (sentinels !== null && masterName === null) {
    issues.push({
      path:
        origins['redis.sentinels']?.startsWith('REDIS_') === true
          ? 'REDIS_SENTINEL_NAME'
          : 'redis.sentinelName',
      message: 'is missing; Sentinels need the name of their master group, for example "mymaster".',
    });
  }
  if (sentinels === null && masterName !== null) {
    issues.push({
      path: origins['redis.sentinelName'] ?? 'redis.sentinelName',
      message: 'is set, but no Sentinels are; set REDIS_SENTINELS (host:port,…) too.',
    });
  }
  if (sentinels !== null) return { kind: 'sentinel', masterName: masterName ?? '', sentinels };
  const nodes = values['redis.url']?.nodes;
  if (nodes !== undefined && nodes.length > 1) return { kind: 'cluster', nodes };
  const [node] = nodes ?? [];
  const port = values['redis.port'] ?? 6379;
  return { kind: 'single', ...(node ?? { host: values['redis.host'] ?? DEFAULT_HOST, port }) };
}

/** The value of the URL or of the setting beside it; both only when they say the same. */
function agreed<Key extends 'redis.db' | 'redis.username' | 'redis.password' | 'redis.tls'>(
  key: Key,
  fromUrl: NonNullable<SettingValues[Key]> | undefined,
  values: SettingValues,
  origins: Origins,
  issues: Issue[],
): SettingValues[Key] {
  const origin = origins[key];
  if (fromUrl === undefined) return values[key];
  if (origin !== undefined && values[key] !== fromUrl) {
    issues.push({
      path: origin,
      message: 'contradicts the Redis URL, which says otherwise; keep one of them.',
    });
  }
  return fromUrl;
}
