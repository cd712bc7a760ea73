import { answeredWithin } from '../../../../kernel/time/answered-within.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { ServerFinding, ServerReport } from '../../broker.js';
import { memoryUse } from './memory-guard.js';
import type { RedisGuarantee } from '../../../../kernel/redis/redis-guarantee.js';
import type { RedisConnections } from './redis-connections.js';
import { replyOf } from '../../../../kernel/redis/redis-replies.js';
import { serverVersion } from './redis-scripts.js';
import { settingFindings } from './server-settings.js';

const ANSWER_WITHIN_MS = 3_000;
const LEAST_PATIENCE_MS = 500;
const WARN_MEMORY_RATIO = 0.7;

/**
 * Checks Redis for what this library needs; whatever the server refuses to tell becomes a warning. Never rejects.
 * @param guarantees what the operator vouches for
 */
export async function inspectRedis(
  connections: RedisConnections,
  guarantees: readonly RedisGuarantee[],
): Promise<ServerReport> {
  const tooLate = (): Error => new Error(`no answer within ${ANSWER_WITHIN_MS} ms`);
  try {
    return await answeredWithin(inspect(connections, guarantees), ANSWER_WITHIN_MS, tooLate);
  } catch (error) {
    return withoutAnswers(connections, connections.trouble ?? error);
  }
}

async function inspect(
  connections: RedisConnections,
  guarantees: readonly RedisGuarantee[],
): Promise<ServerReport> {
  // In a lasting outage the reason is already known, so a health check need not wait.
  const patienceMs = Math.max(LEAST_PATIENCE_MS, ANSWER_WITHIN_MS - connections.awayForMs);
  if (!(await connections.ready(patienceMs))) throw new Error('the connection is not ready');
  const { client } = connections;
  const latencyMs = await roundTrip(connections);
  const version = await serverVersion(client);
  const memory = await optional(memoryUse(client));
  const memoryUsedRatio = memory === null || memory.limit === 0 ? null : memory.used / memory.limit;
  const findings = [
    ...deafnessFindings(connections.deafness),
    ...(await settingFindings(client, version, guarantees)),
    ...memoryFindings(memoryUsedRatio),
  ];
  return {
    provider: 'redis',
    reachable: true,
    version: version === null ? null : version.join('.'),
    latencyMs,
    memoryUsedRatio,
    memoryLimitBytes: memory === null || memory.limit === 0 ? null : memory.limit,
    clockSkewMs: connections.clock.aheadMs,
    findings,
  };
}

/** The report of a server that cannot be reached, or that answers but refuses to work. */
function withoutAnswers(connections: RedisConnections, error: unknown): ServerReport {
  const refusal = refusalOf(error, connections);
  return {
    provider: 'redis',
    reachable: refusal !== null,
    version: null,
    latencyMs: null,
    memoryUsedRatio: null,
    memoryLimitBytes: null,
    clockSkewMs: null,
    findings: [
      refusal === null
        ? { severity: 'fatal', about: 'setting', message: unreachable(error) }
        : { severity: 'fatal', about: 'refusal', message: refusal },
    ],
  };
}

function refusalOf(error: unknown, connections: RedisConnections): string | null {
  if (error instanceof BrokerUnavailableError && error.reply !== null) return error.message;
  const reply = replyOf(error);
  if (reply !== null) return `Redis answers, but refuses: ${reply.text}. ${reply.remedy}`;
  // The connection stands, and its client waits for Redis to say that it is ready.
  if (connections.isClosed || connections.client.status !== 'connect' || connections.trouble !== null)
    return null;
  return 'Redis accepts connections but is not ready: it is loading its data. Wait; INFO persistence says how far it is.';
}

function unreachable(error: unknown): string {
  if (error instanceof BrokerUnavailableError) return error.message;
  const why = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  return `Redis cannot be reached: ${why}. Check REDIS_URL, or REDIS_HOST and REDIS_PORT.`;
}

async function roundTrip({ client, clock }: RedisConnections): Promise<number> {
  // What waits for the connection goes first.
  await client.ping();
  const startedAt = performance.now();
  return (await clock.compare()) ?? performance.now() - startedAt;
}

function deafnessFindings(refusal: Error | null): ServerFinding[] {
  const reply = replyOf(refusal);
  if (reply === null) return [];
  const effect =
    'cancellations, other lanes than the default one and global events are heard late or not at all';
  return [
    warning(
      `Redis does not let this process listen, so that ${effect}: ${reply.text}. ${reply.remedy}`,
      'refusal',
    ),
  ];
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

/** @returns null when the server refuses to answer */
async function optional<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(() => null);
}

const warning = (message: string, about: ServerFinding['about']): ServerFinding => ({
  severity: 'warning',
  about,
  message,
});
