import type { AnnouncedQueue, BrokerLook } from '../../broker/activity-store.js';
import { EMPTY_SNAPSHOT } from '../../broker/queue-snapshot.js';
import type { BrokerUnavailableError } from '../../jobs/errors.js';
import { countOf, isAlive, recordOf, worksOn } from '../../monitoring/alerts/alert-figures.js';
import { statusOf, unhealthy, worstFirst } from '../../monitoring/health-reasons.js';
import { HEALTH_DEFAULTS } from '../../monitoring/health-thresholds.js';
import type { HealthReason, HealthStatus } from '../../monitoring/queue-health.js';
import { queueReasons } from '../../monitoring/rules/health-rules.js';
import { serverReasons } from '../../monitoring/rules/server-rules.js';
import { definitionOf } from './announced-queues.js';
import { announcedAs } from './announced-queues.js';
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
  const { name } = announced;
  const snapshot = look.counts.get(name) ?? EMPTY_SNAPSHOT;
  const lately = recordOf(look, name);
  const living = look.instances.filter((instance) => isAlive(instance, look.at));
  const stuck = living.flatMap(({ id, queues }) =>
    Array.from({ length: queues[name]?.[2] ?? 0 }, () => `in process ${id}`),
  );
  return queueReasons(
    {
      ...{ definition: definitionOf(announced), snapshot, now: look.at, breakers: [], unplugged: [] },
      unknown: { count: snapshot.unknown, kinds: [] },
      activity: {
        ...{ completed: countOf(lately, 'completed'), failed: countOf(lately, 'failed') },
        ...{ avgMs: null, p95Ms: null, movedMsAgo: null, shredded: 0, stuck, blockedBy: [] },
        hostFailures: { count: 0, recent: [] },
      },
      isIdle: snapshot.waiting > 0 && !snapshot.isPaused && !living.some((one) => worksOn(one, name)),
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
