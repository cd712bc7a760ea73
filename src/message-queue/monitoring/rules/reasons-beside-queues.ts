import { answeredWithin } from '../../../kernel/time/answered-within.js';
import type { MonitoredEvents } from '../../../kernel/monitored/monitored-events.js';
import type { Broker } from '../../broker/broker.js';
import type { RingKeyWatch } from '../../privacy/keys/ring-key-watch.js';
import type { PublicationSeal } from '../../ports/privacy/publication-seal.js';
import type { ProcessWatch } from '../activity/process-watch.js';
import { degraded, unhealthy } from '../health-reasons.js';
import type { HealthReason } from '../queue-health.js';

/**
 * What is wrong beside the queues of this process. Never rejects.
 * @param timeoutMs how long each of those that are asked may take
 */
export async function reasonsBesideQueues(
  brokers: Iterable<Broker>,
  watch: Pick<ProcessWatch, 'isBeyondLimit'>,
  keys: RingKeyWatch | undefined,
  publications: PublicationSeal | undefined,
  events: MonitoredEvents | null,
  timeoutMs: number,
): Promise<HealthReason[]> {
  const abandoned = [...brokers].map((broker) => abandonedQueues(broker, timeoutMs));
  const asked = await Promise.all([...abandoned, keyReasons(keys, timeoutMs)]);
  return [
    ...asked.flat(),
    ...unopenedReasons(publications),
    ...seriesReasons(watch),
    ...eventReasons(events),
  ];
}

function seriesReasons({ isBeyondLimit }: Pick<ProcessWatch, 'isBeyondLimit'>): HealthReason[] {
  if (!isBeyondLimit) return [];
  return [
    degraded(
      'TOO_MANY_SERIES',
      'This process has more pairs of queue and job name than are counted apart: those that came last are counted as "other" in history, metrics and alerts. Raise operations.activity.maxSeries.',
    ),
  ];
}

/** What the bus of events says of itself. */
function eventReasons(events: MonitoredEvents | null): HealthReason[] {
  return (events?.read().alerts ?? []).map(({ code, severity, message }) =>
    severity === 'unhealthy'
      ? unhealthy('EVENTS_UNHEALTHY', `${code}: ${message}`)
      : degraded('EVENTS_DEGRADED', `${code}: ${message}`),
  );
}

/** What a broker says of queues that no process has. */
async function abandonedQueues(broker: Broker, timeoutMs: number): Promise<HealthReason[]> {
  const found = await answeredWithin(broker.readAbandoned(), timeoutMs, noAnswer).catch(() => []);
  return found.map(({ message }) => degraded('ABANDONED_QUEUE', message));
}

async function keyReasons(keys: RingKeyWatch | undefined, timeoutMs: number): Promise<HealthReason[]> {
  if (keys === undefined) return [];
  try {
    const missing = await answeredWithin(keys.missing(), timeoutMs, noAnswer);
    return missing.map(({ ringKeyId, keys: count }) =>
      unhealthy(
        'RING_KEY_MISSING',
        `The key provider does not know the ring key "${ringKeyId}", which wraps ${count} data key(s): jobs that were sealed with them wait, and adds to their conversations are refused. Give the key back to the provider, and call rewrapKeys() before you drop it again.`,
      ),
    );
  } catch {
    return [
      degraded(
        'KEYS_UNREACHABLE',
        `The data key store or the key provider did not answer within ${timeoutMs} ms: keys in use work for ten minutes, others cannot be had. Look at the database and the key management service.`,
      ),
    ];
  }
}

function unopenedReasons(publications: PublicationSeal | undefined): HealthReason[] {
  const { count, isRecent } = publications?.unopened() ?? { count: 0, isRecent: false };
  if (!isRecent) return [];
  return [
    degraded(
      'SOCKET_UNOPENED',
      `Some of what other processes sent to sockets of this one was dropped, ${count} times since its start and within the last 5 minutes too. Messages are tried again, other events are lost. The log says why: a key that this process does not have, or somebody else who writes to this Redis.`,
    ),
  ];
}

function noAnswer(): Error {
  return new Error('no answer');
}
