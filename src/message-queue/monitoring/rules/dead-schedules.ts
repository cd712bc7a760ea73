import type { ManagedQueue } from '../../broker/managed-queues.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { HealthReason } from '../queue-health.js';

/** Most schedules that a reason names. */
const MOST_NAMED = 10;

/**
 * What is wrong with the schedules of a queue: those that are listed and will not run, because their next runs are gone.
 * @throws BrokerUnavailableError when the broker does not answer in time
 */
export async function deadSchedules(
  { broker, queue, definition: { name } }: ManagedQueue,
  timeoutMs: number,
): Promise<HealthReason[]> {
  const message = `The ${broker.provider} broker did not return the schedules of "${name}" within ${timeoutMs} ms.`;
  const tooLate = (): Error => new BrokerUnavailableError(message, { queue: name });
  const looks = await answeredWithin(broker.schedulesOf(queue).look(), timeoutMs, tooLate);
  const dead = looks.filter(
    ({ schedule, run }) => schedule.nextAt !== null && (run === 'gone' || run === 'finished'),
  );
  if (dead.length === 0) return [];
  const keys = dead.slice(0, MOST_NAMED).map(({ schedule }) => schedule.key);
  return [
    {
      severity: 'degraded',
      code: 'SCHEDULE_DEAD',
      message: `${dead.length} of the schedules of "${name}" will not run, because their next runs are gone: ${keys.join(', ')}. A worker plans them again within 15 seconds; what stays is to be added again or removed.`,
    },
  ];
}
