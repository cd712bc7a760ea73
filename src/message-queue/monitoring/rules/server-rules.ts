import { lossMessage } from '../../broker/broker.js';
import type { Broker } from '../../broker/broker.js';
import type { ServerReport } from '../../broker/broker.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import { degraded, percent, unhealthy, worstFirst } from '../health-reasons.js';
import type { HealthThresholds } from '../health-thresholds.js';
import type { HealthReason } from '../queue-health.js';

/** How long a server may take to answer, milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;

const OWN_CLOCK =
  'what it was when this process started: it was set since. Jobs go on by the old one, so that none runs early or late; schedules follow the new one after a restart.';

/** The clock that jobs go by, and what to do when this machine's differs. */
const CLOCKS: Readonly<Record<ServerReport['provider'], string>> = {
  redis:
    "Redis'. Jobs go by Redis' clock and run on time; what handlers and logs take from this machine's is wrong. Synchronise it (NTP), or that of Redis.",
  memory: OWN_CLOCK,
  sync: OWN_CLOCK,
};

/** What a broker's server says of itself; one that is silent for 2 s cannot be reached. Never rejects. */
export function askServer(broker: Broker): Promise<ServerReport> {
  const silent: ServerReport = {
    provider: broker.provider,
    reachable: false,
    version: null,
    latencyMs: null,
    memoryUsedRatio: null,
    memoryLimitBytes: null,
    clockSkewMs: null,
    findings: [],
  };
  const tooLate = (): Error => new Error('no answer');
  return answeredWithin(broker.inspectServer(), ANSWER_TIMEOUT_MS, tooLate).catch(() => silent);
}

/** What is wrong with the server that keeps the queues. */
export function serverReasons(server: ServerReport, thresholds: HealthThresholds): HealthReason[] {
  if (!server.reachable) {
    const why = server.findings.map(({ message }) => message).join(' ');
    return [
      unhealthy(
        'BROKER_UNREACHABLE',
        `The ${server.provider} broker does not answer. ${why || 'Check that it runs and can be reached.'}`,
      ),
    ];
  }
  // What was measured is judged below, by the host's thresholds.
  const reasons = server.findings.flatMap(({ about, severity, message }) => {
    if (about === 'memory') return [];
    const make = severity === 'fatal' ? unhealthy : degraded;
    return make(about === 'setting' ? 'SERVER_SETTING' : 'BROKER_REFUSES', message);
  });
  if (server.loss !== undefined) reasons.push(unhealthy('DATA_LOST', lossMessage(server.loss)));
  const used = server.memoryUsedRatio ?? 0;
  if (used >= thresholds.maxMemoryRatio) {
    reasons.push(
      degraded(
        'MEMORY_HIGH',
        `${percent(used)} of the memory for jobs is used; adds are refused from 85 %. Raise the limit, add workers, or keep finished jobs for a shorter time.`,
      ),
    );
  }
  const skew = server.clockSkewMs ?? 0;
  if (Math.abs(skew) > thresholds.maxClockSkewMs) {
    reasons.push(
      degraded(
        'CLOCK_SKEW',
        `This machine's clock is ${Math.abs(Math.round(skew))} ms ${skew > 0 ? 'behind' : 'ahead of'} ${CLOCKS[server.provider]}`,
      ),
    );
  }
  return worstFirst(reasons);
}

/** The counts of a queue could not be read although its server was reached. */
export function unreadableCounts(queue: string, error: unknown): HealthReason {
  const isRefusal = error instanceof BrokerUnavailableError && error.reply !== null;
  const why = error instanceof Error ? error.message : String(error);
  return unhealthy(
    isRefusal ? 'BROKER_REFUSES' : 'BROKER_UNREACHABLE',
    `The counts of "${queue}" cannot be read: ${why}`,
  );
}
