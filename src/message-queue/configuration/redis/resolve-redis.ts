import { createSecureContext } from 'node:tls';
import type { Issues } from '../../../kernel/values/issues.js';
import type { RedisSettings, RedisTls, RedisTopology } from '../../../kernel/redis/redis-settings.js';
import { REDIS_SETTINGS } from './redis-settings.js';
import type { SettingValues } from '../settings.js';

type RedisValues = SettingValues['redis'];

/** Where values came from: path of a setting → its option or variable. What has only its default is not in it. */
export type Origins = ReadonlyMap<string, string>;

const DEFAULT_HOST = '127.0.0.1';

/** Settings that say where Redis is; only one may be given. */
export const REDIS_PLACES: readonly string[] = ['redis.url', 'redis.host', 'redis.sentinels'];

/** Puts the Redis settings together; contradictions go to `issues`. */
export function resolveRedis(values: RedisValues, origins: Origins, issues: Issues): RedisSettings {
  const { url } = values;
  const places = REDIS_PLACES.flatMap((path) => origins.get(path) ?? []);
  issues.unless(places.length <= 1, places.join(' and '), 'each say where Redis is; keep one of them');
  const agreed = <T>(name: keyof RedisValues, fromUrl: T | undefined, beside: T): T => {
    if (fromUrl === undefined) return beside;
    const origin = origins.get(`redis.${name}`);
    if (origin !== undefined && beside !== fromUrl) {
      issues.add(origin, 'contradicts the Redis URL, which says otherwise; keep one of them');
    }
    return fromUrl;
  };
  const topology = resolveTopology(values, origins, issues);
  const db = agreed('db', url?.db, values.db);
  if (topology.kind === 'cluster' && db !== 0) {
    issues.add(origins.get('redis.db') ?? 'redis.db', `is ${db}; a Cluster has only database 0`);
  }
  const tls = agreed('tls', url?.tls === true ? true : undefined, values.tls);
  return Object.freeze({
    topology: Object.freeze(topology),
    username: agreed('username', url?.username, values.username),
    password: agreed('password', url?.password, values.password),
    db,
    tls: resolveTls(tls, values, origins, issues),
  });
}

function resolveTopology(values: RedisValues, origins: Origins, issues: Issues): RedisTopology {
  const { url, host = DEFAULT_HOST, port, sentinels, sentinelName } = values;
  if (sentinels !== undefined && sentinelName === undefined) {
    const byVariable = origins.get('redis.sentinels') === REDIS_SETTINGS.sentinels.variable;
    issues.add(
      (byVariable ? REDIS_SETTINGS.sentinelName.variable : undefined) ?? 'redis.sentinelName',
      'is missing; Sentinels need the name of their master group, for example "mymaster"',
    );
  }
  if (sentinels === undefined && sentinelName !== undefined) {
    const path = origins.get('redis.sentinelName') ?? 'redis.sentinelName';
    issues.add(path, 'is set, but no Sentinels are; set REDIS_SENTINELS (host:port,…) too');
  }
  if (sentinels !== undefined) return { kind: 'sentinel', masterName: sentinelName ?? '', sentinels };
  const nodes = url?.nodes ?? [];
  if (nodes.length > 1) return { kind: 'cluster', nodes };
  return { kind: 'single', ...(nodes[0] ?? { host, port }) };
}

/** Puts the TLS settings together; false without TLS. */
function resolveTls(
  enabled: boolean,
  { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: serverName }: RedisValues,
  origins: Origins,
  issues: Issues,
): false | RedisTls {
  if (!enabled) {
    for (const name of ['tlsCa', 'tlsCert', 'tlsKey', 'tlsServerName']) {
      const origin = origins.get(`redis.${name}`);
      if (origin === undefined) continue;
      issues.add(origin, 'is set, but TLS is off; use rediss:// or set REDIS_TLS=true, or remove it');
    }
    return false;
  }
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] =
      cert === undefined ? (['tlsKey', 'tlsCert'] as const) : (['tlsCert', 'tlsKey'] as const);
    const { variable = '' } = REDIS_SETTINGS[missing];
    // A value that could not be read has been told already.
    if (!origins.has(`redis.${missing}`)) {
      const message = `is set without redis.${missing} (${variable}); a client certificate needs both`;
      issues.add(origins.get(`redis.${given}`) ?? `redis.${given}`, message);
    }
  } else if (cert !== undefined && key !== undefined && !fit(cert, key)) {
    const message = `is not the private key of ${origins.get('redis.tlsCert') ?? 'redis.tlsCert'}`;
    issues.add(origins.get('redis.tlsKey') ?? 'redis.tlsKey', message);
  }
  return Object.freeze({ ca, cert, key, serverName });
}

function fit(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
