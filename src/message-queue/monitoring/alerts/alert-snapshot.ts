import type { BrokerLook } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueue } from '../../broker/managed-queues.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { askServer } from '../rules/server-rules.js';
import type { AlertSnapshot, LateSchedule } from './alert-rule.js';

/** How long the schedules of a queue may take to be read, milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * What rules see: a look, and what it does not have: the server's memory, and the schedules of the queues that this process has registered.
 * Never rejects; what does not answer is not known.
 */
export async function snapshotOf(
  look: BrokerLook,
  broker: Broker,
  registered: readonly ManagedQueue[],
  worksHere: boolean,
): Promise<AlertSnapshot> {
  const [server, late] = await Promise.all([
    askServer(broker),
    Promise.all(registered.map((managed) => lateScheduleOf(managed, look))),
  ]);
  const lateSchedules = new Map(late.filter((entry) => entry !== null));
  return { look, server, lateSchedules, queues: queuesOf(look, registered), worksHere };
}

function queuesOf({ announced }: BrokerLook, registered: readonly ManagedQueue[]): AlertSnapshot['queues'] {
  const ours = registered.map(({ definition: { name, timeoutMs } }) => ({ name, timeoutMs }));
  return new Map([...announced, ...ours].map((queue) => [queue.name, queue]));
}

/** Null where nothing is known of its schedules. */
async function lateScheduleOf(
  { broker, queue, definition: { name } }: ManagedQueue,
  { at, counts }: BrokerLook,
): Promise<readonly [string, LateSchedule] | null> {
  const tooLate = (): Error => new Error('no answer');
  try {
    const looks = await answeredWithin(broker.schedulesOf(queue).look(), ANSWER_TIMEOUT_MS, tooLate);
    // No run begins while the queue is paused, and somebody wanted that.
    const isPaused = counts.get(name)?.isPaused === true;
    const lates = looks.map(({ schedule: { key, record, nextAt }, run }): LateSchedule => {
      const isOff = isPaused || record?.pausedAt !== undefined || record?.ended !== undefined;
      return { key, lateMs: isOff || nextAt === null || run === 'active' ? 0 : Math.max(0, at - nextAt) };
    });
    return [name, lates.reduce((worst, one) => (one.lateMs > worst.lateMs ? one : worst), NONE_LATE)];
  } catch {
    return null;
  }
}

const NONE_LATE: LateSchedule = { key: '', lateMs: 0 };
