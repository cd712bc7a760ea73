import type { AnnouncedQueue, BrokerLook } from '../../broker/activity-store.js';
import { EMPTY_SNAPSHOT } from '../../broker/queue-snapshot.js';
import type { BrokerUnavailableError } from '../../jobs/errors.js';
import { seenElsewhere } from '../../monitoring/activity/seen-elsewhere.js';
import { statusOf, unhealthy, worstFirst } from '../../monitoring/health-reasons.js';
import { HEALTH_DEFAULTS } from '../../monitoring/health-thresholds.js';
import type { HealthReason, HealthStatus } from '../../monitoring/queue-health.js';
import { toStats } from '../../monitoring/queue-figures.js';
import { queueReasons } from '../../monitoring/rules/health-rules.js';
import { nobodyWorks } from '../../monitoring/rules/idleness.js';
import { serverReasons } from '../../monitoring/rules/server-rules.js';
import { announcedAs, definitionOf } from '../../broker/registry/announced-queues.js';
import { NO_SIGHT } from './no-sight.js';
import type { Session } from './session.js';

/** How everything is. */
export interface FleetHealth {
  readonly status: HealthStatus;
  /** What is wrong beside the queues. */
  readonly reasons: readonly HealthReason[];
  readonly queues: readonly {
    readonly queue: string;
    readonly status: HealthStatus;
    readonly reasons: readonly HealthReason[];
  }[];
}

/** How everything is when Redis is out of reach. */
export function unreachable(error: BrokerUnavailableError): FleetHealth {
  return { status: 'unhealthy', reasons: [unhealthy('BROKER_UNREACHABLE', error.message)], queues: [] };
}

/** Judges by the default thresholds: those of the host's code are known to its processes alone. @throws UnknownQueueError */
export async function fleetHealth(session: Session, queue?: string): Promise<FleetHealth> {
  const readings = await session.readings();
  const [look, server] = await Promise.all([session.look(queue), readings.inspectServer()]);
  const announced = queue === undefined ? look.announced : [announcedAs(queue, look.announced)];
  const reasons = worstFirst([...serverReasons(server, HEALTH_DEFAULTS), ...foreignKeys(look)]);
  const queues = announced
    .map((one) => ({ queue: one.name, reasons: reasonsOf(one, look) }))
    .map((one) => ({ queue: one.queue, status: statusOf(one.reasons), reasons: one.reasons }));
  return { status: statusOf([...reasons, ...queues.flatMap((one) => one.reasons)]), reasons, queues };
}

function reasonsOf(announced: AnnouncedQueue, look: BrokerLook): HealthReason[] {
  const { name: queue } = announced;
  const snapshot = look.counts.get(queue) ?? EMPTY_SNAPSHOT;
  const unknown = { count: snapshot.unknown, kinds: [] };
  const recent = toStats({ look, queue, snapshot, unknown, sight: NO_SIGHT });
  const evidence = { snapshot, unknown, recent, sight: NO_SIGHT, elsewhere: seenElsewhere(look, queue) };
  return queueReasons(
    {
      ...{ ...evidence, definition: definitionOf(announced), now: look.at, breakers: [], unplugged: [] },
      isIdle: nobodyWorks(snapshot, recent.slots),
    },
    HEALTH_DEFAULTS,
  );
}

function foreignKeys({ wrongKeys }: BrokerLook): HealthReason[] {
  return wrongKeys.map(({ key, holds, belongs }) =>
    unhealthy(
      'WRONG_KEY_TYPE',
      `What happened cannot be kept: in Redis "${key}" holds a ${holds}, not a ${belongs}. Find out what wrote it, then move it away (RENAME ${key} ${key}:odd).`,
    ),
  );
}
