import { Cluster } from 'ioredis';
import type { Redis } from 'ioredis';
import { answeredWithin } from '../../../../kernel/time/answered-within.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { ServerFinding, ServerReport } from '../../broker.js';
import { memoryUse } from './memory-guard.js';
import type { RedisClient } from '../../../../kernel/redis/redis-client.js';
import type { RedisConnections } from './redis-connections.js';
import { serverVersion } from './redis-scripts.js';

const ANSWER_WITHIN_MS = 3_000;
const LEAST_PATIENCE_MS = 500;
const WARN_MEMORY_RATIO = 0.7;

/** Checks Redis for what this library needs; whatever the server refuses to tell becomes a warning. Never rejects. */
export async function inspectRedis(connections: RedisConnections): Promise<ServerReport> {
  const tooLate = (): Error => new Error(`no answer within ${ANSWER_WITHIN_MS} ms`);
  try {
    return await answeredWithin(inspect(connections), ANSWER_WITHIN_MS, tooLate);
  } catch (error) {
    return unreachable(connections.trouble ?? error);
  }
}

async function inspect(connections: RedisConnections): Promise<ServerReport> {
  // In a lasting outage the reason is already known, so a health check need not wait.
  const patienceMs = Math.max(LEAST_PATIENCE_MS, ANSWER_WITHIN_MS - connections.awayForMs);
  if (!(await connections.ready(patienceMs))) throw new Error('the connection is not ready');
  const { client } = connections;
  const latencyMs = await roundTrip(connections);
  const version = await serverVersion(client);
  const memory = await optional(memoryUse(client));
  const memoryUsedRatio = memory === null || memory.limit === 0 ? null : memory.used / memory.limit;
  const findings = [
    ...versionFindings(version),
    ...(await policyFindings(client)),
    ...(await persistenceFindings(client)),
    ...memoryFindings(memoryUsedRatio),
  ];
  const named = version === null ? null : version.join('.');
  return {
    provider: 'redis',
    reachable: true,
    version: named,
    latencyMs,
    memoryUsedRatio,
    clockSkewMs: connections.clock.aheadMs,
    findings,
  };
}

function unreachable(error: unknown): ServerReport {
  const why = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  const message =
    error instanceof BrokerUnavailableError
      ? error.message
      : `Redis cannot be reached: ${why}. Check REDIS_URL, or REDIS_HOST and REDIS_PORT.`;
  return {
    provider: 'redis',
    reachable: false,
    version: null,
    latencyMs: null,
    memoryUsedRatio: null,
    clockSkewMs: null,
    findings: [fatal(message)],
  };
}

async function roundTrip({ client, clock }: RedisConnections): Promise<number> {
  // What waits for the connection goes first.
  await client.ping();
  const startedAt = performance.now();
  return (await clock.compare()) ?? performance.now() - startedAt;
}

function versionFindings(version: readonly [number, number] | null): ServerFinding[] {
  if (version === null)
    return [warning('Redis does not report its version (INFO is forbidden); 6.2 or later is needed.')];
  const [major, minor] = version;
  if (major > 6 || (major === 6 && minor >= 2)) return [];
  return [fatal(`Redis ${major}.${minor} is too old: 6.2 or later is needed.`)];
}

async function policyFindings(client: RedisClient): Promise<ServerFinding[]> {
  const policy = await setting(client, 'maxmemory-policy');
  if (policy === 'noeviction') return [];
  if (policy === null) {
    return [
      warning(
        'Redis does not report its maxmemory-policy (CONFIG is forbidden); make sure that it is noeviction.',
      ),
    ];
  }
  const message = `maxmemory-policy is ${policy}: Redis would delete jobs when it is full. Set: CONFIG SET maxmemory-policy noeviction`;
  return [fatal(message)];
}

async function persistenceFindings(client: RedisClient): Promise<ServerFinding[]> {
  const [aof, save] = [await setting(client, 'appendonly'), await setting(client, 'save')];
  if (aof === 'yes') return [];
  if (aof === null) {
    return [
      warning('Redis does not report whether it persists (CONFIG is forbidden); make sure that AOF is on.'),
    ];
  }
  const on = 'Set: CONFIG SET appendonly yes, with appendfsync everysec or always';
  if (save === '' || save === null)
    return [fatal(`Redis keeps nothing on disk: a restart loses every job. ${on}`)];
  return [warning(`Redis keeps snapshots only: a crash loses the jobs since the last one. ${on}`)];
}

function memoryFindings(ratio: number | null): ServerFinding[] {
  if (ratio === null || ratio < WARN_MEMORY_RATIO) return [];
  const percent = Math.round(ratio * 100);
  return [
    warning(
      `Redis uses ${percent} % of its memory limit; adds are refused above 85 %. Raise it: CONFIG SET maxmemory <bytes>`,
      'memory',
    ),
  ];
}

async function setting(client: RedisClient, name: string): Promise<string | null> {
  const node: Redis | Cluster = client instanceof Cluster ? (client.nodes('master')[0] ?? client) : client;
  const reply = await optional(node.config('GET', name) as Promise<string[]>);
  return reply?.[1] ?? null;
}

/** @returns null when the server refuses to answer */
async function optional<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(() => null);
}

const warning = (message: string, about: ServerFinding['about'] = 'setting'): ServerFinding => ({
  severity: 'warning',
  about,
  message,
});
const fatal = (message: string): ServerFinding => ({ severity: 'fatal', about: 'setting', message });
